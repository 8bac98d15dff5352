package dev.lutra.server.event;

/** Told how long work goes. The command line draws bars; tests listen. */
public interface Progress {

    /** The unit of work that is over when its time is: it has no rate, and says itself what is left. */
    String SECONDS = "seconds";

    /** Work of known length begins. */
    Work begin(String what, long total, String unit);

    /**
     * A stage of a whole run begins.
     *
     * @param number from 1
     * @param count of stages in the run
     */
    default void stage(int number, int count, String name) {
        say("stage " + number + " of " + count + ": " + name);
    }

    /** Something worth a line. */
    void say(String line);

    /** Work going on. */
    interface Work extends AutoCloseable {

        /**
         * @param done of the total; with a fraction where it is known how much is done of what is under way
         * @param note the current best, a loss, or empty
         */
        void at(double done, String note);

        @Override
        void close();
    }
}

package dev.lutra.agent.task;

/** The machine was suspended, or this agent stopped, while a task was under way: what was measured is of no use, and another try is. */
public final class Overslept extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int MOST_TRIES = 5;

    public Overslept() {
        super("the machine slept, or this agent was stopped, meanwhile");
    }

    /** Work that a sleep spoils. */
    @FunctionalInterface
    public interface Work<T> {
        T done() throws InterruptedException;
    }

    /**
     * What comes of some work, which is done again where the machine slept.
     *
     * @throws TaskFailure if it slept every time
     */
    public static <T> T again(Work<T> work) throws InterruptedException {
        for (int tries = 1;; tries++) {
            try {
                return work.done();
            } catch (Overslept e) {
                if (tries == MOST_TRIES) {
                    throw new TaskFailure(e.getMessage() + ", " + tries + " times", e);
                }
            }
        }
    }
}

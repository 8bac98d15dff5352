package dev.lutra.supernet;

/** Told how training goes, on the training thread. */
public interface TrainingListener {

    /** Nobody listens. */
    TrainingListener NONE = new TrainingListener() {};

    /**
     * @param step steps done, also those of an earlier life
     * @param steps of the whole training
     * @param images a step
     * @param loss of this step
     */
    default void step(long step, long steps, int images, double loss) {}

    /** An epoch is done and its checkpoint written. */
    default void epoch(EpochSummary summary) {}
}

package dev.lutra.server.training;

/** When this process may train, where others train on the same device. */
@FunctionalInterface
public interface TrainingTurn {

    /** Of a process that has its devices to itself. */
    TrainingTurn ALONE = device -> () -> {};

    /**
     * Returns when this process may train, or ends it, to go on when it may.
     *
     * @param device kind of device, such as cpu
     * @return to be closed when the training is over
     */
    Held take(String device);

    /** A device while others have to wait for it. */
    @FunctionalInterface
    interface Held extends AutoCloseable {

        @Override
        void close();
    }
}

package dev.lutra.supernet.training;

/** Training stopped because the loss, a gradient or a weight was not a finite number. The message is one line. */
public final class TrainingDivergedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param what that is not finite, and what it is: {@code loss NaN} */
    TrainingDivergedException(String what, long step, double learningRate) {
        super(what + " at step " + step + " with learning rate " + learningRate
            + " (a lower supernet.optimizer.lr keeps it finite)");
    }
}

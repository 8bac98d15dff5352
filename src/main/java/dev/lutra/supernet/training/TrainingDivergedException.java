package dev.lutra.supernet.training;

/** Training stopped because the loss was not a finite number. The message is one line. */
public final class TrainingDivergedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TrainingDivergedException(double loss, long step, double learningRate) {
        super("loss " + loss + " at step " + step + " with learning rate " + learningRate
            + " (a lower supernet.optimizer.lr keeps it finite)");
    }
}

package dev.lutra.supernet;

import java.util.Locale;

/** The loss is infinite or not a number; the weights are those of the step before. */
public final class TrainingDivergedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TrainingDivergedException(long step, double learningRate, double loss) {
        super(String.format(Locale.ROOT, "training: step %d: loss %s at learning rate %.4g (expected: a number; a lower "
            + "supernet.optimizer.lr usually helps)", step, loss, learningRate));
    }
}

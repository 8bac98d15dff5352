package dev.lutra.supernet.training;

import java.util.concurrent.CancellationException;

/** Training was told to end before its end, and has kept where it stands. The message is one line. */
public final class TrainingStoppedException extends CancellationException {

    private static final long serialVersionUID = 1L;

    TrainingStoppedException(long step, long steps) {
        super("stopped after step " + step + " of " + steps + ", which is kept: the same command goes on there");
    }
}

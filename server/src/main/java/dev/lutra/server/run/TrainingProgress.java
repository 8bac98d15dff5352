package dev.lutra.server.run;

import dev.lutra.supernet.curriculum.Options;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.training.TrainingListener;
import java.util.Locale;

/** Training as progress. */
final class TrainingProgress implements TrainingListener, AutoCloseable {

    private static final double SMOOTHING = 0.98;

    private final dev.lutra.server.run.Progress progress;
    private final String what;
    private dev.lutra.server.run.Progress.Work work;
    private double loss = Double.NaN;

    TrainingProgress(dev.lutra.server.run.Progress progress, String what) {
        this.progress = progress;
        this.what = what;
    }

    @Override
    public void step(TrainingListener.Progress now) {
        if (work == null) {
            work = progress.begin(what, now.steps() * now.images(), "images");
        }
        loss = Double.isNaN(loss) ? now.loss() : SMOOTHING * loss + (1 - SMOOTHING) * now.loss();
        work.at(now.step() * now.images(),
            String.format(Locale.ROOT, "epoch %d of %d, loss %.3f", now.epoch(), now.epochs(), loss));
    }

    @Override
    public void ended(Phase phase, Options surviving) {
        if (!surviving.areAll()) {
            progress.say(what + ": options left: " + surviving);
        }
    }

    @Override
    public void close() {
        if (work != null) {
            work.close();
        }
    }
}

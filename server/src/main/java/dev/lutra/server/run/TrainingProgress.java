package dev.lutra.server.run;

import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.TrainingListener;
import java.util.Locale;

/** Tells how a training goes: its steps, its epochs, and as progress. */
final class TrainingProgress implements TrainingListener, AutoCloseable {

    private static final double SMOOTHING = 0.98;

    private final RunEvents events;
    private final String what;
    private final String training;
    private dev.lutra.server.event.Progress.Work work;
    private double loss = Double.NaN;
    private boolean goesOn;

    /**
     * @param what it is called on a console
     * @param training it is called in events
     */
    TrainingProgress(RunEvents events, String what, String training) {
        this.events = events;
        this.what = what;
        this.training = training;
    }

    @Override
    public void resumed(Checkpoint checkpoint) {
        goesOn = true;
    }

    @Override
    public void step(TrainingListener.Progress now) {
        if (work == null) {
            work = events.begin(what, now.steps() * now.images(), "images");
        }
        if (!goesOn) {
            events.emit(new RunEvent.BegunAnew(training + "/epoch"));
            goesOn = true;
        }
        loss = Double.isNaN(loss) ? now.loss() : SMOOTHING * loss + (1 - SMOOTHING) * now.loss();
        work.at(now.step() * now.images(),
            String.format(Locale.ROOT, "epoch %d of %d, loss %.3f", now.epoch(), now.epochs(), loss));
        events.emit(new RunEvent.TrainingStep(training, now.epoch(), now.epochs(), now.step(), now.steps(), now.loss(), now.accuracy(),
            now.learningRate()));
    }

    @Override
    public void saved(Checkpoint checkpoint) {
        events.emit(new RunEvent.EpochSaved(training, checkpoint.epochs(), checkpoint.steps()));
    }

    @Override
    public void ended(Phase phase, Options surviving) {
        if (!surviving.areAll()) {
            events.say(what + ": options left: " + surviving);
        }
    }

    @Override
    public void close() {
        if (work != null) {
            work.close();
        }
    }
}

package dev.lutra.server.training;

import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.superkernel.Decisions;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.TrainingListener;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Tells how a training goes: its steps, its epochs, and as progress. */
public final class TrainingProgress implements TrainingListener, AutoCloseable {

    private static final double SMOOTHING = 0.98;

    private final RunEvents events;
    private final String what;
    private final String training;
    private dev.lutra.server.event.Progress.Work work;
    private dev.lutra.server.event.Progress.Work measuring;
    private final Probes probes;
    private final Pace pace = new Pace();
    private double loss = Double.NaN;
    private Optional<Decisions> decisions = Optional.empty();
    private boolean goesOn;
    private int epoch;
    private int epochs;
    private final StopRequest stop = StopRequest.await();

    /**
     * @param what it is called on a console
     * @param training it is called in events
     * @param probes paths that are judged while it goes
     */
    public TrainingProgress(RunEvents events, String what, String training, Probes probes) {
        this.events = events;
        this.what = what;
        this.training = training;
        this.probes = probes;
    }

    @Override
    public void resumed(Checkpoint checkpoint) {
        goesOn = true;
    }

    @Override
    public void took(long nanos, long waited) {
        pace.took(nanos, waited);
    }

    @Override
    public void decided(Decisions taken) {
        decisions = Optional.of(taken);
    }

    @Override
    public void step(TrainingListener.Progress now) {
        pace.learned(now.images());
        epochs = now.epochs();
        if (work == null) {
            work = events.begin(what, now.steps() * now.images(), "images");
        }
        if (!goesOn) {
            events.emit(new RunEvent.BegunAnew(training + "/epoch"));
            goesOn = true;
        }
        epoch = now.epoch();
        loss = Double.isNaN(loss) ? now.loss() : SMOOTHING * loss + (1 - SMOOTHING) * now.loss();
        work.at(now.step() * now.images(),
            String.format(Locale.ROOT, "epoch %d of %d, loss %.3f", now.epoch(), now.epochs(), loss)
                + decisions.map(Decisions::described).orElse(""));
        RunEvent.TrainingStep step = new RunEvent.TrainingStep(training, now.epoch(), now.epochs(), now.step(), now.steps(), now.loss(),
            now.accuracy(), now.learningRate());
        events.emit(step);
        if (step.isKept()) {
            decisions.ifPresent(taken -> events.emit(new RunEvent.DecisionsTaken(training, now.epoch(), now.step(), taken.architecture(),
                taken.lambda(), taken.nanos())));
            events.emit(new RunEvent.TrainingPace(training, now.epoch(), now.step(), pace.imagesPerSecond(), pace.waitShare(),
                ResidentMemory.bytes().orElse(null)));
            pace.anew();
        }
    }

    @Override
    public boolean stops() {
        if (stop.isMade()) {
            events.say(what + ": told to end, keeps where it stands; the same command goes on from there");
        }
        return stop.isMade();
    }

    @Override
    public void measured(int batches, int of) {
        if (measuring == null) {
            measuring = events.begin(what + ": batch norm", of, "batches");
        }
        measuring.at(batches, "");
    }

    @Override
    public void epochEnded(int epoch, Options surviving, Function<List<Architecture>, Map<Architecture, Double>> judge) {
        if (probes.areDue(epoch, epochs)) {
            events.emit(probes.judge(training, epoch, surviving, judge));
        }
    }

    @Override
    public void saved(Checkpoint checkpoint) {
        events.emit(new RunEvent.EpochSaved(training, checkpoint.epochs(), checkpoint.steps()));
        if (checkpoint.isFinished()) {
            stop.close();
        }
    }

    @Override
    public void ended(Phase phase, Options surviving) {
        if (!surviving.areAll()) {
            events.emit(new RunEvent.OptionsDropped(training, epoch, surviving.names()));
        }
    }

    @Override
    public void close() {
        stop.close();
        if (work != null) {
            work.close();
        }
        if (measuring != null) {
            measuring.close();
        }
    }
}

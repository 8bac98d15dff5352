package dev.lutra.server.event;

import dev.lutra.server.store.ResultStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A run as its store tells it: what happened, in order, without any of it being done again. */
public final class RunHistory {

    private final Map<String, StoredEvent> events;

    private RunHistory(Map<String, StoredEvent> events) {
        this.events = events;
    }

    public static RunHistory of(ResultStore store) {
        return of(EventStore.all(store));
    }

    /** Of what is kept by key, in the order in which keys were first met. */
    public static RunHistory of(Map<String, StoredEvent> events) {
        return new RunHistory(events);
    }

    /** Every event of a kind, in order. */
    public <E extends RunEvent> List<E> all(Class<E> kind) {
        return events.values().stream().map(StoredEvent::event).filter(kind::isInstance).map(kind::cast).toList();
    }

    /** Steps of a training, thinned to some an epoch: its curve. */
    public List<RunEvent.TrainingStep> curve(String training) {
        return all(RunEvent.TrainingStep.class).stream().filter(step -> step.training().equals(training)).toList();
    }

    /** What its stages did, in the order of lives, then of time. */
    public List<StageTimes.Work> works() {
        return StageTimes.of(events.values());
    }

    /**
     * How long every stage worked, all lives of the run together. A life that was cut off counts to the last that it told of.
     */
    public Map<String, Duration> durations() {
        return StageTimes.durations(events.values());
    }
}

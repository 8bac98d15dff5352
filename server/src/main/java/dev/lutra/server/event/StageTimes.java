package dev.lutra.server.event;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * When the stages of a run worked. They work one after the other, so whatever is told between the beginning of one and that of the
 * next is told by it, under whatever key.
 */
public final class StageTimes {

    /**
     * A stage at work in one life of the run.
     *
     * @param to when it ended or, where it was cut off, told the last that is kept
     */
    public record Work(String stage, int life, Instant from, Instant to, boolean isCutOff) {}

    private StageTimes() {}

    /** In the order of lives, then of time. */
    static List<Work> of(Collection<StoredEvent> events) {
        Map<Integer, List<StoredEvent>> lives = events.stream().collect(Collectors.groupingBy(StoredEvent::life, TreeMap::new,
            Collectors.toList()));
        List<Work> all = new ArrayList<>();
        lives.forEach((life, told) -> {
            told.sort(Comparator.comparing(StoredEvent::at));
            for (int i = 0; i < told.size(); i++) {
                if (told.get(i).event() instanceof RunEvent.StageBegan began) {
                    all.add(work(began.stage(), told.subList(i, told.size())));
                }
            }
        });
        return all;
    }

    /** @param told from the stage's beginning on */
    private static Work work(String stage, List<StoredEvent> told) {
        StoredEvent first = told.get(0);
        Instant last = first.at();
        for (StoredEvent next : told.subList(1, told.size())) {
            if (next.event() instanceof RunEvent.StageBegan) {
                break;
            }
            last = next.at();
            if (next.event() instanceof RunEvent.StageEnded ended && ended.stage().equals(stage)) {
                return new Work(stage, first.life(), first.at(), last, false);
            }
        }
        return new Work(stage, first.life(), first.at(), last, true);
    }

    /** By stage, all lives together. */
    static Map<String, Duration> durations(Collection<StoredEvent> events) {
        Map<String, Duration> durations = new LinkedHashMap<>();
        of(events).forEach(work -> durations.merge(work.stage(), Duration.between(work.from(), work.to()), Duration::plus));
        return durations;
    }
}

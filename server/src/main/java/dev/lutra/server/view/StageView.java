package dev.lutra.server.view;

import dev.lutra.server.event.RunHistory;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.event.StageTimes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A stage of a run.
 *
 * @param state running, done, or stopped where the run ended in the midst of it
 * @param seconds that it has worked, all lives of the run together
 * @param began when it began last, ISO 8601
 */
public record StageView(String name, String state, double seconds, String began) {

    private static final double MILLIS = 1e3;

    /**
     * In the order in which they began.
     *
     * @param isLasting whether a stage that is under way tells it, as the last that it does: it is done for whoever reads that
     */
    static List<StageView> of(RunHistory history, Optional<RunProgress> progress, Instant now, boolean isLasting) {
        Map<String, List<StageTimes.Work>> stages = new LinkedHashMap<>();
        history.works().forEach(work -> stages.computeIfAbsent(work.stage(), name -> new ArrayList<>()).add(work));
        Optional<StageTimes.Work> telling = history.works().stream().reduce((before, latest) -> latest).filter(work -> isLasting);
        List<StageView> views = new ArrayList<>();
        stages.forEach((name, works) -> {
            StageTimes.Work last = works.get(works.size() - 1);
            boolean isRunning = last.isCutOff() && progress.filter(told -> name.equals(told.stage())).isPresent();
            Duration worked = works.stream().map(work -> Duration.between(work.from(), work.to())).reduce(Duration.ZERO, Duration::plus);
            Duration since = isRunning ? Duration.between(last.to(), now) : Duration.ZERO;
            views.add(new StageView(name, isRunning ? "running" : last.isCutOff() && !telling.equals(Optional.of(last)) ? "stopped" : "done",
                worked.plus(since).toMillis() / MILLIS, last.from().toString()));
        });
        return views;
    }
}

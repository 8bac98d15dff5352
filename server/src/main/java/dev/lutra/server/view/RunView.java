package dev.lutra.server.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.FileWords;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A run as one document: what pages lay out, and programs read. Texts are ready for people; numbers are in the units in which the run keeps
 * them (nanoseconds, bytes, nanojoules, shares). What is not known yet is empty, or null.
 *
 * @param space its name and title
 * @param verdict the outcome in a sentence; empty before there is one
 * @param experiment the experiment file
 * @param settings of that file, in its own words
 * @param measures that candidates are told of, the objectives first
 * @param evaluated how many candidates were judged to the end
 * @param images of the validation split that accuracies are shares of; null where they are none, or it is not known yet
 * @param stages that have begun
 * @param progress what is under way; null where nothing is
 * @param training null without any
 * @param volume how the search got on
 * @param front null before there is one
 * @param ranking the supernet's order against networks trained alone; null where it was not looked at
 * @param weights networks with weights of their own, and those that were tested
 * @param warnings what people should look at
 * @param provenance where all this comes from
 */
public record RunView(String name, String space, String verdict, File experiment, List<Fact> settings, List<MeasureView> measures,
    List<Target> targets, int evaluated, Long images, List<StageView> stages, RunProgress progress, TrainingView training, Plot volume,
    FrontView front,
    List<WinnerView> winners, RankingView ranking, List<OwnWeights> weights, List<Warning> warnings, List<Fact> provenance) {

    /** Fields are named as in the other documents of the server. */
    static final JsonMapper JSON = JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

    /** A file and its text. */
    public record File(String name, String text) {}

    /**
     * A device that the run is for.
     *
     * @param segments of its table, as far as that is there
     */
    public record Target(String device, String provider, int threads, String precision, int batch, int segments) {}

    /** Something that a person should look at. */
    public record Warning(String stage, String text) {}

    /**
     * @param now for how long the present stage has worked
     * @param isLasting whether the present stage writes it, as the last that it does
     */
    static RunView of(RunFacts facts, Instant now, boolean isLasting) {
        Experiment experiment = facts.experiment();
        boolean hasTraining = experiment.hasSupernet() || !facts.history().all(RunEvent.TrainingStep.class).isEmpty();
        List<Warning> warnings = new ArrayList<>();
        facts.history().all(RunEvent.Warning.class).forEach(warning -> warnings.add(new Warning(warning.stage(), warning.text())));
        facts.history().all(RunEvent.ImagesSkipped.class).forEach(skipped -> warnings.add(new Warning("decode", skipped.line().orElseThrow())));
        facts.history().all(RunEvent.ClassesUnequal.class).forEach(unequal -> warnings.add(new Warning("decode", unequal.line().orElseThrow())));
        return new RunView(experiment.name(), facts.space().name() + ": " + facts.space().title(),
            facts.front().isEmpty() ? "" : WinnerView.verdict(facts),
            new File(experiment.text().file().getFileName().toString(), experiment.text().content()),
            Fact.of(FileWords.of(experiment.text().content())), MeasureView.of(experiment, facts.candidates().measures()),
            experiment.targets().stream().map(target -> target(facts, target)).toList(), facts.candidates().whole(),
            facts.images().isPresent() ? facts.images().getAsLong() : null,
            StageView.of(facts.history(), facts.progress(), now, isLasting), facts.progress().orElse(null),
            hasTraining ? TrainingView.of(facts) : null, FrontView.volume(facts), facts.front().map(front -> FrontView.of(facts, front)).orElse(null),
            WinnerView.of(facts.winners()), RankingView.of(facts).orElse(null), OwnWeights.of(facts), warnings, Fact.of(facts));
    }

    private static Target target(RunFacts facts, Experiment.Target target) {
        int segments = facts.tables().containsKey(target.device()) ? facts.tables().get(target.device()).entries().size() : 0;
        return new Target(target.device(), target.provider(), target.threads(), target.precision().name().toLowerCase(Locale.ROOT),
            target.batch(), segments);
    }

    /** A document of records, numbers and texts as JSON, its fields named as in the other documents of the server. */
    public static String json(Object document) {
        try {
            return JSON.writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("records of numbers and texts always write", e);
        }
    }
}

package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Measure;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.DeviceCheck;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerCheck;
import dev.lutra.server.winner.WinnerExport;
import dev.lutra.space.Architecture;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Exports one more network of what a search has found, without searching again, and has the devices confirm it. Gives what they said.
 */
final class PickStage implements Stage<Winner> {

    private final List<Constraint> bounds;
    private final Optional<String> architecture;

    /**
     * @param bounds that it keeps: of the front's networks that do, the most accurate one
     * @param architecture one of the space, in the place of the front's
     */
    PickStage(List<Constraint> bounds, Optional<String> architecture) {
        this.bounds = List.copyOf(bounds);
        this.architecture = architecture;
    }

    @Override
    public String name() {
        return "pick";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.TABLES, Artifact.FRONT);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    /**
     * @throws InputException if a device that has to confirm the network cannot be reached, or it cannot be written as the experiment says
     */
    @Override
    public void check(RunContext run) {
        WinnerExport.check(run.experiment(), run.space());
        run.requireReachable(run.experiment().targets());
    }

    /**
     * @throws InputException if no network of the front keeps the bounds, naming the nearest value, or a device is another machine than
     *     its table's
     */
    @Override
    public Winner run(RunContext run) {
        Candidate picked = architecture.map(text -> judged(run, run.space().parse(text))).orElseGet(() -> best(run.front()));
        if (!run.experiment().targets().isEmpty()) {
            run.requireTablesOfDevices(name());
        }
        String name = WinnerExport.picked(run.space().build(picked.architecture()));
        run.exporter().export(name, picked, run.trained(), run.evaluator(), run.data());
        String file = WinnerExport.fileName(name);
        run.events().emit(new RunEvent.FileExported(file, picked.architecture().toString()));
        if (run.experiment().targets().isEmpty()) {
            return new Winner(picked.architecture().toString(), file, picked.measures().values(), List.of());
        }
        Experiment bounded = run.experiment().bounded(bounds); // which the network has to keep as measured, too
        Winner winner = new WinnerCheck(bounded, run.timed(), run.exporter(), run.tables(),
            new DeviceCheck(bounded, run.id(), run.fleet()), run.repairs().firstPredicted()).verify(name, picked, run.evaluator(), run.data())
            .winner();
        Verification.tell(run, winner);
        return winner;
    }

    private Candidate best(Front front) {
        Set<String> told = front.candidates().get(0).measures().values().keySet();
        bounds.stream().filter(bound -> !told.contains(bound.measure())).findFirst().ifPresent(bound -> {
            throw new InputException(bound.key() + ": the front does not tell " + bound.measure() + " (expected: one of "
                + String.join(", ", told) + "; a p99 is predicted by tables that were calibrated on whole networks)");
        });
        Front within = front.within(bounds);
        if (within.candidates().isEmpty()) {
            Constraint missed = bounds.stream().filter(bound -> front.within(List.of(bound)).candidates().isEmpty()).findFirst()
                .orElseThrow(() -> new InputException("no network of the front keeps all of " + Constraint.described(bounds)
                    + " (expected: bounds that one keeps, or lutra search with them in the experiment)"));
            Candidate nearest = Collections.min(front.candidates(), Comparator.comparingDouble(c -> missed.loss(c.measures())));
            throw new InputException(
                missed.key() + ": no network of the front keeps " + missed + " (expected: a bound that one keeps; the nearest has "
                    + missed.described(nearest.measures()) + ")");
        }
        return Collections.min(within.candidates(), Objective.max(Measure.ACCURACY).byLoss());
    }

    private static Candidate judged(RunContext run, Architecture chosen) {
        return new CandidateEvaluator(run.options(), run.cheap(), List.of(), run.accuracies(), run.searchedCandidates())
            .evaluate(List.of(chosen), known -> {}).get(0);
    }
}

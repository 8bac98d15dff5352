package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One part of a run. A stage finds what earlier stages left in the run's folder, does what is missing and leaves something for
 * later ones, so that each may run in a process of its own and may be killed at any time.
 *
 * @param <R> what it found out
 */
interface Stage<R> {

    /** What its command is called. */
    String name();

    /** What earlier stages must have left. */
    Set<Artifact> needs(Experiment experiment);

    /** What is in the run's folder afterwards. */
    Set<Artifact> leaves(Experiment experiment);

    /**
     * Looks for what would stop this stage and can be known before any work: for every stage of a run, ahead of the first.
     *
     * @throws InputException if something given is wrong and can be put right
     */
    default void check(RunContext run) {}

    /**
     * Does what is missing. Everything that it needs is there.
     *
     * @throws InputException if something given is wrong and can be put right
     */
    R run(RunContext run);

    /**
     * Makes sure that everything is there that it needs, does what is missing, and tells when it begins and ends.
     *
     * @throws InputException if something that it needs is not there, or something given is wrong and can be put right
     */
    default R work(RunContext run) {
        needs(run.experiment()).stream().sorted().forEach(artifact -> artifact.require(run));
        // what a stage had done when the disk was full it finds again, as after a kill
        return run.patience().waitOut(() -> {
            run.events().emit(new RunEvent.StageBegan(name()));
            R found = run(run);
            run.events().emit(new RunEvent.StageEnded(name()));
            return found;
        });
    }

    /** Those of a whole run, in order: without a supernet those that need no weights, without targets all but the verification. */
    static List<Stage<?>> ofWholeRun(RunContext run) {
        if (!run.experiment().hasNetworks()) {
            run.events().say("space.table: its architectures have no networks, so nothing is trained, profiled, exported or verified");
            return List.of(new SearchStage());
        }
        List<Stage<?>> stages = new ArrayList<>(List.of(new TrainStage()));
        if (run.experiment().rank().isPresent()) {
            stages.add(new RankStage());
        }
        boolean isVerified = run.experiment().hasSupernet() && !run.experiment().targets().isEmpty();
        // superkernels are trained with the latencies that the tables tell
        stages.add(run.experiment().superkernel().isPresent() ? 0 : stages.size(), new ProfileStage(isVerified));
        stages.add(new SearchStage());
        if (run.experiment().hasSupernet()) {
            stages.add(new ExportStage());
        }
        if (isVerified) {
            stages.add(new VerifyStage());
        }
        return stages;
    }
}

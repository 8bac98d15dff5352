package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.data.Sharding.Prepared;
import dev.lutra.latency.LookupTable;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.event.WatchedProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.SearchedFront;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.plan.Plan;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.winner.Winner;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One run of an experiment in its folder. Stages may be called in any later process: each finds what earlier ones left, and
 * does only what is missing.
 */
public final class ExperimentRun implements AutoCloseable {

    private final RunFolder.Lock lock;
    private final RunContext context;

    private ExperimentRun(RunFolder.Lock lock, RunContext context) {
        this.lock = lock;
        this.context = context;
    }

    /**
     * Opens a run, making its folder if need be.
     *
     * @param version of Lutra, for provenance
     * @throws InputException if another process works in the folder, or the space does not exist
     */
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress, String version) {
        return open(experiment, folder, access, List.of(new WatchedProgress(progress)), version);
    }

    /** The same for listeners, who are told what happens after the run's own store. */
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, List<RunListener> listeners, String version) {
        experiment.genes();
        return new ExperimentRun(folder.lock(), new RunContext(experiment, folder, access, listeners, version));
    }

    /**
     * Every stage: without a supernet those that need no weights, without targets all but the verification. What would stop a later
     * stage and can be known is looked for ahead of the first.
     */
    public void all() {
        new WholeRun(context).work();
    }

    /** The same of an experiment with a supernet, then how its winners do on test images. */
    public List<TestedNetwork> allAndTest() {
        return new WholeRun(context).workAndTest();
    }

    /** What all of it takes here, in a folder of its own, by timed pieces of it; this run's folder is only used meanwhile. */
    public Plan plan(Path own) {
        return new WholeRun(context).plan(own);
    }

    /** @return the supernet's file; empty where an accuracy table stands in its place */
    public Optional<Path> train() {
        run(new TrainStage());
        return !context.experiment().hasSupernet() ? Optional.empty() : Optional.of(context.checkpoint());
    }

    public List<Prepared> prepare(String address, int perShard) {
        return run(new PrepareStage(address, perShard));
    }

    public Ranking rank() {
        return run(new RankStage());
    }

    public Map<String, LookupTable> profile() {
        return run(new ProfileStage(false));
    }

    public Front search() {
        return run(new SearchStage());
    }

    public List<Path> export() {
        return run(new ExportStage()).stream().map(winner -> folder().exports().resolve(winner.file())).toList();
    }

    public void verify() {
        run(new VerifyStage());
    }

    /** Exports one more network, the front's best within bounds or the one that is named, and has the devices confirm it. */
    public Winner pick(List<Constraint> bounds, Optional<String> architecture) {
        return run(new PickStage(bounds, architecture));
    }

    /** What the search left to choose from. */
    public SearchedFront searched() {
        Artifact.FRONT.require(context);
        return new SearchedFront(context.front(), context.sharedImages(), context.experiment().targets());
    }

    public List<RetrainedNetwork> retrain(RetrainRequest request) {
        return run(new RetrainStage(request));
    }

    /** @param evenRefused whether networks that devices refused are tested as well */
    public List<TestedNetwork> test(boolean evenRefused) {
        return run(new TestStage(evenRefused));
    }

    private <R> R run(Stage<R> stage) {
        stage.check(context);
        return stage.work(context);
    }

    /** What this process has exported or verified last, the most accurate first; empty before. */
    public List<Winner> winners() {
        return context.exported();
    }

    /** Whether devices have confirmed as many files as the experiment asks for, and its front has, or there is none to ask. */
    public boolean isVerified() {
        return new WholeRun(context).isVerified();
    }

    public RunFolder folder() {
        return context.folder();
    }

    @Override
    public void close() {
        context.close();
        lock.close();
    }
}

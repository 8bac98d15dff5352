package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.event.WatchedProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.plan.Plan;
import dev.lutra.server.plan.Planner;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.winner.Winner;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

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
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, Progress progress,
        String version) {
        return open(experiment, folder, access, List.of(new WatchedProgress(progress)), version);
    }

    /**
     * The same for other listeners than one who watches.
     *
     * @param listeners told what happens, after the run's own store
     */
    public static ExperimentRun open(Experiment experiment, RunFolder folder, FleetAccess access, List<RunListener> listeners,
        String version) {
        experiment.genes();
        return new ExperimentRun(folder.lock(), new RunContext(experiment, folder, access, listeners, version));
    }

    /**
     * Every stage: without a supernet those that need no weights, without targets all but the verification. What would stop a later
     * stage and can be known is looked for ahead of the first.
     */
    public void all() {
        List<Stage<?>> stages = Stage.ofWholeRun(context);
        inOrder(stages, stages.size());
    }

    /**
     * Every stage of an experiment with a supernet, and the test of its winners.
     *
     * @return how they do on test images
     */
    public List<TestedNetwork> allAndTest() {
        TestStage test = new TestStage();
        List<Stage<?>> before = Stage.ofWholeRun(context);
        test.check(context);
        inOrder(before, before.size() + 1);
        return numbered(test, before.size() + 1, before.size() + 1);
    }

    private void inOrder(List<Stage<?>> stages, int count) {
        stages.forEach(stage -> stage.check(context));
        for (int i = 0; i < stages.size(); i++) {
            numbered(stages.get(i), i + 1, count);
        }
    }

    private <R> R numbered(Stage<R> stage, int number, int count) {
        context.events().stage(number, count, stage.name());
        return stage.work(context);
    }

    /**
     * What all of it takes here, by timed pieces of it. This run's folder is only used meanwhile.
     *
     * @param runs where the experiment's own folder will be
     */
    public Plan plan(Path runs) {
        Experiment experiment = context.experiment();
        Profiler profiler = new Profiler(experiment, context.space(), folder().tables(), context.id(), context::fleet, context.events(),
            context.results());
        Planner planner = new Planner(experiment, context.space(), profiler,
            device -> device.equals(Experiment.LOCAL) || context.fleet().device(device).isPresent(), context.events());
        return planner.plan(ImageCache.folder(experiment), runs, folder().root().resolve("drawn"));
    }

    /**
     * @return the supernet's file; empty where an accuracy table stands in its place
     */
    public Optional<Path> train() {
        run(new TrainStage());
        return !context.experiment().hasSupernet() ? Optional.empty() : Optional.of(context.checkpoint());
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

    /**
     * Exports one more network without searching again, and has the devices confirm it.
     *
     * @param bounds that it keeps: of the front's networks that do, the most accurate one
     * @param architecture one of the space, in the place of the front's
     * @throws dev.lutra.InputException if no network of the front keeps the bounds
     */
    public Winner pick(List<Constraint> bounds, Optional<String> architecture) {
        return run(new PickStage(bounds, architecture));
    }

    /** The front that the search left. */
    public Front front() {
        Artifact.FRONT.require(context);
        return context.front();
    }

    /** How many images an accuracy of the front is a share of, where it is one of images that might have been others. */
    public OptionalLong images() {
        return context.images();
    }

    public List<Experiment.Target> targets() {
        return context.experiment().targets();
    }

    public List<RetrainedNetwork> retrain(RetrainRequest request) {
        return run(new RetrainStage(request));
    }

    public List<TestedNetwork> test() {
        return run(new TestStage());
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
        return context.experiment().targets().isEmpty() || !context.experiment().hasSupernet()
            || winners().stream().filter(Winner::isVerified).count() >= context.winnersWanted();
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

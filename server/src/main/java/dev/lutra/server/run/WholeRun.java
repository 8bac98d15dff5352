package dev.lutra.server.run;

import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.plan.Plan;
import dev.lutra.server.plan.Planner;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.winner.Winner;
import java.nio.file.Path;
import java.util.List;

/**
 * All stages of a run. What would stop a later one and can be known is looked for ahead of the first.
 *
 * @param context of the run
 */
record WholeRun(RunContext context) {

    void work() {
        List<Stage<?>> stages = Stage.ofWholeRun(context);
        inOrder(stages, stages.size());
    }

    /** Then the test of the winners. */
    List<TestedNetwork> workAndTest() {
        TestStage test = new TestStage(false);
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

    /** Whether devices have confirmed as many files as the experiment asks for, and its front has, or there is none to ask. */
    boolean isVerified() {
        return context.experiment().targets().isEmpty() || !context.experiment().hasSupernet()
            || context.exported().stream().filter(Winner::isVerified).count() >= context.winnersWanted();
    }

    /**
     * What all of it takes here, by timed pieces of it.
     *
     * @param runs where the experiment's own folder will be
     * @throws dev.lutra.InputException if no network takes what superkernels aim at
     */
    Plan plan(Path runs) {
        Experiment experiment = context.experiment();
        TrainStage.requireReachableTargets(context);
        Profiler profiler = new Profiler(experiment, context.timed(), context.folder().tables(), context.id(), context::fleet,
            context.events(), context.results());
        Planner planner = new Planner(experiment, context.space(), profiler,
            device -> device.equals(Experiment.LOCAL) || context.fleet().device(device).isPresent(), context.events());
        return planner.plan(ImageCache.folder(experiment), runs, context.folder().root().resolve("drawn"));
    }
}

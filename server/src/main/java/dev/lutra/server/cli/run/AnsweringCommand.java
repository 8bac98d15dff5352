package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.ExperimentRun;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** A command on an experiment's run. */
abstract class AnsweringCommand implements Callable<Integer> {

    @Mixin
    private RunOptions options;

    @Mixin
    private JsonOption json;

    @Override
    public final Integer call() {
        try (ExperimentRun run = options.open(this::changed, this::listeners)) {
            return answer(run, json.isWanted());
        }
    }

    /** The experiment as the command's own options change it. */
    Experiment changed(Experiment experiment) {
        return experiment;
    }

    /** Who hears what happens in the run of a folder, besides the console. */
    List<RunListener> listeners(RunFolder folder) {
        return List.of();
    }

    /**
     * Does the work and prints what came of it.
     *
     * @return the exit code
     */
    abstract int answer(ExperimentRun run, boolean json);
}

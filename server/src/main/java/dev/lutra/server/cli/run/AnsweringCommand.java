package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.run.ExperimentRun;
import picocli.CommandLine.Mixin;

/** A command on an experiment's run that has an answer beside the files it writes. */
abstract class AnsweringCommand implements Runnable {

    @Mixin
    private RunOptions options;

    @Mixin
    private JsonOption json;

    @Override
    public final void run() {
        try (ExperimentRun run = options.open()) {
            answer(run, json.isWanted());
        }
    }

    /** Does the work and prints what came of it. */
    abstract void answer(ExperimentRun run, boolean json);
}

package dev.lutra.server.cli.run;

import dev.lutra.server.run.ExperimentRun;
import picocli.CommandLine.Command;

@Command(name = "run", mixinStandardHelpOptions = true, description = "Train, profile, search, export and verify; goes on where an earlier run stopped.")
public final class RunCommand extends AnsweringCommand {

    @Override
    int answer(ExperimentRun run, boolean json) {
        run.all();
        RunSummary.print(run, json);
        return RunSummary.code(run);
    }
}

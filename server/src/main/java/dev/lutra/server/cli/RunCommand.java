package dev.lutra.server.cli;

import dev.lutra.server.experiment.ExperimentRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "run", mixinStandardHelpOptions = true,
    description = "Train, profile, search, export and verify; goes on where an earlier run stopped.")
final class RunCommand implements Runnable {

    @Mixin
    private RunOptions options;

    @Option(names = "--json", description = "One JSON document on standard output.")
    private boolean json;

    @Override
    public void run() {
        try (ExperimentRun run = options.open()) {
            run.all();
            RunSummary.print(run, json);
        }
    }
}

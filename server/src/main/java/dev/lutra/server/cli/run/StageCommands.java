package dev.lutra.server.cli.run;

import dev.lutra.server.run.ExperimentRun;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The stages of a run, each as a command: it reads what the stage before left. */
public final class StageCommands {

    private StageCommands() {}

    /** One stage of the experiment that the options name. */
    private abstract static class Stage implements Runnable {

        @Mixin
        private RunOptions options;

        private final Consumer<ExperimentRun> stage;

        Stage(Consumer<ExperimentRun> stage) {
            this.stage = stage;
        }

        @Override
        public void run() {
            try (ExperimentRun run = options.open()) {
                stage.accept(run);
            }
        }
    }

    @Command(name = "train", mixinStandardHelpOptions = true, description = "Stage 1: train the supernet.")
    public static final class Train extends Stage {
        Train() {
            super(ExperimentRun::train);
        }
    }

    @Command(name = "profile", mixinStandardHelpOptions = true, description = "Stage 2: time every segment on every target.")
    public static final class Profile extends Stage {
        Profile() {
            super(ExperimentRun::profile);
        }
    }

    @Command(name = "search", mixinStandardHelpOptions = true, description = "Stage 3: search the Pareto front.")
    public static final class Search extends Stage {
        Search() {
            super(ExperimentRun::search);
        }
    }

    @Command(name = "export", mixinStandardHelpOptions = true, description = "Stage 4: write the winners as ONNX.")
    public static final class Export extends Stage {
        Export() {
            super(ExperimentRun::export);
        }
    }

    @Command(name = "verify", mixinStandardHelpOptions = true, description = "Stage 5: run the exported files on their devices: numerics and latency.")
    public static final class Verify extends Stage {
        Verify() {
            super(ExperimentRun::verify);
        }
    }
}

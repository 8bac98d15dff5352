package dev.lutra.server.cli.run;

import dev.lutra.AtomicFile;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.WatchedProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.folder.RunFolder;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "demo", mixinStandardHelpOptions = true, description = "The whole run on images it draws itself, with this machine as the device. Takes a few minutes.")
public final class DemoCommand implements Callable<Integer> {

    private static final int UNVERIFIED = 1;
    /** The ops of networks this small are too short to share: with two threads on cores that others use too, they mostly wait. */
    private static final String TRAINING_THREADS = "ai.djl.pytorch.num_threads";
    private static final String SPACE = "space.yaml";

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/demo", description = "Run folder (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Mixin
    private JsonOption json;

    @Mixin
    private PageOption page;

    /** @return 0 if as many files as the experiment asks for were verified, else 1 */
    @Override
    public Integer call() {
        if (System.getProperty(TRAINING_THREADS) == null) {
            System.setProperty(TRAINING_THREADS, "1");
        }
        Path file = writeExperiment(out);
        Path space = out.resolve(SPACE);
        System.err.println("demo: " + file + " is the experiment, " + space + " its search space");
        Experiment experiment = ExperimentFile.read(file);
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(out), OwnServer.onThisMachine(),
            List.of(new WatchedProgress(new ConsoleProgress()), page.of(new RunFolder(out))), Version.text())) {
            List<TestedNetwork> tested = run.allAndTest();
            RunSummary.print(run, tested, json.isWanted());
            if (!json.isWanted()) {
                System.out.print(next(file, space));
            }
            return run.isVerified() ? 0 : UNVERIFIED;
        }
    }

    /** @return the experiment; its search space lies beside it */
    static Path writeExperiment(Path folder) {
        write("demo-space.yaml", folder.resolve(SPACE));
        return write("demo.yaml", folder.resolve("experiment.yaml"));
    }

    private static Path write(String resource, Path file) {
        AtomicFile.write(file, target -> {
            try (InputStream stream = DemoCommand.class.getResourceAsStream(resource)) {
                stream.transferTo(target);
            }
        });
        return file;
    }

    private static String next(Path experiment, Path space) {
        return """

            What next: copy %1$s to mine.yaml and %2$s beside it, then
              your photos  ./lutra run mine.yaml                       with data: {train: FOLDER}, one sub-folder a class
              your device  ./lutra run mine.yaml --http 0.0.0.0:7412   with targets: [{device: NAME}]; a phone joins by the link it prints
              your space   ./lutra run mine.yaml --out runs/mine       with space: mine-space.yaml, a changed copy of it
            docs/tutorials/README.md leads through all three.
            """.formatted(experiment, space);
    }
}

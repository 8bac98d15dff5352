package dev.lutra.server.cli.run;

import dev.lutra.AtomicFile;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.RunFolder;
import java.io.InputStream;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "demo", mixinStandardHelpOptions = true, description = "The whole run on images it draws itself, with this machine as the device. Takes a few minutes.")
public final class DemoCommand implements Runnable {

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "runs/demo", description = "Run folder (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Path file = out.resolve("experiment.yaml");
        AtomicFile.write(file, target -> {
            try (InputStream stream = DemoCommand.class.getResourceAsStream("demo.yaml")) {
                stream.transferTo(target);
            }
        });
        System.err.println("demo: " + file + " is the experiment; lutra run " + file + " --out " + out + " does the same");
        Experiment experiment = Experiment.read(file);
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(out), OwnServer.onThisMachine(), new ConsoleProgress(),
            Version.text())) {
            run.all();
            RunSummary.print(run, json.isWanted());
        }
    }
}

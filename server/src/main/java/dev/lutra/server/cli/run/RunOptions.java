package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.server.cli.fleet.Endpoint;
import dev.lutra.server.cli.fleet.ListeningOptions;
import dev.lutra.server.cli.fleet.MeasuringServer;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.event.TensorBoardFile;
import dev.lutra.server.event.WatchedProgress;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.web.WebServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a run and each of its stages have in common. */
final class RunOptions {

    private static final String LOOPBACK = "127.0.0.1:0";
    /** The property by which spark-submit says what cluster this process was submitted to. */
    private static final String SUBMITTED = "spark.master";

    @Parameters(index = "0", paramLabel = "FILE", description = "The experiment, or the folder of a run that was begun.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Run folder (default: runs/<name> here).")
    private Path out;

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "Where the run's own server waits for agents (default: 127.0.0.1:0; port 0 is any free one).")
    private Optional<String> listen = Optional.empty();

    @Option(names = "--tensorboard", paramLabel = "DIR", description = "Also write the training's and the search's course here for TensorBoard.")
    private Optional<Path> tensorboard = Optional.empty();

    @Option(names = "--spark", paramLabel = "MASTER", description = "Compute on this cluster of Apache Spark: spark://HOST:PORT, 'local[N]', or what else Spark calls a master.")
    private Optional<String> spark = Optional.empty();

    @Mixin
    private ListeningOptions listening;

    @ArgGroup(exclusive = false)
    private MeasuringServer server;

    Path file() {
        return file;
    }

    /** The folder that is named, or the usual one of a command that has no experiment. */
    RunFolder folder(String usual) {
        return new RunFolder(out != null ? out : Path.of("runs", usual));
    }

    /**
     * The devices of the server that is named, or this machine alone.
     *
     * @throws InputException if what is given besides belongs to an experiment, or the device to a server
     */
    FleetAccess devices(String device) {
        if (listen.isPresent() || tensorboard.isPresent() || spark.isPresent() || listening.isGiven()) {
            throw new InputException(file + ": --listen, --http, --tls, --spark and --tensorboard belong to an experiment (expected: none of them)");
        }
        if (server == null && !device.equals(Experiment.LOCAL)) {
            throw new InputException("--device: " + device + " (expected: with --server, or " + Experiment.LOCAL + ")");
        }
        return server == null ? OwnServer.onThisMachine() : server.devices();
    }

    /** Opens the run. */
    ExperimentRun open() {
        return open(UnaryOperator.identity(), folder -> List.of());
    }

    /**
     * @param options what the command line changes of the experiment
     * @param more who else hears what happens in the run's folder
     */
    ExperimentRun open(UnaryOperator<Experiment> options, Function<RunFolder, List<RunListener>> more) {
        boolean isFolder = Files.isDirectory(file);
        Experiment written = options.apply(isFolder ? StoredExperiment.read(new RunFolder(file)) : ExperimentFile.read(file));
        Experiment experiment = spark.or(() -> Optional.ofNullable(System.getProperty(SUBMITTED))).map(written::on).orElse(written);
        RunFolder folder = new RunFolder(out != null ? out : isFolder ? file : Path.of("runs", experiment.name()));
        List<RunListener> listeners = new ArrayList<>(List.of(new WatchedProgress(new ConsoleProgress())));
        listeners.addAll(more.apply(folder));
        tensorboard.ifPresent(folderOfEvents -> listeners.add(new TensorBoardFile(folderOfEvents, Clock.systemUTC())));
        return ExperimentRun.open(experiment, folder, access(folder), listeners, Version.text());
    }

    private FleetAccess access(RunFolder folder) {
        Optional<WebServer.Settings> web = listening.pages();
        if (server != null) {
            if (listen.isPresent()) {
                throw new InputException("--listen: given with --server (expected: one of them; that server listens already)");
            }
            if (web.isPresent()) {
                throw new InputException("--http: given with --server (expected: one of them; that server has its own pages)");
            }
            if (listening.isGiven()) {
                throw new InputException("--tls, --tls-cert, --insecure: given with --server (expected: to 'lutra serve')");
            }
            return server.devices();
        }
        Endpoint endpoint = Endpoint.parse("--listen", listen.orElse(LOOPBACK));
        Encryption encryption = listening.encryption("lutra run " + file, endpoint, web, folder.root());
        return new OwnServer(endpoint.host(), endpoint.port(), encryption, web);
    }
}

package dev.lutra.server.cli.run;

import dev.lutra.FileTree;
import dev.lutra.Names;
import dev.lutra.server.cli.fleet.MeasuringServer;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.plan.Plan;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.run.FleetAccess;
import dev.lutra.server.folder.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "plan", mixinStandardHelpOptions = true, description = "Says, before anything starts, how long each stage takes here, what disk and memory it needs, and what is not there for it. Times a few steps, images and segments for that, a minute or so.")
public final class PlanCommand implements Callable<Integer> {

    private static final double SECONDS_PER_HOUR = 3600;

    @Parameters(index = "0", paramLabel = "FILE", description = "The experiment.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Run folder that it will have (default: runs/<name> here).")
    private Path out;

    @Mixin
    private JsonOption json;

    @ArgGroup(exclusive = false)
    private MeasuringServer server;

    @Override
    public Integer call() throws IOException {
        Experiment experiment = ExperimentFile.read(file);
        Path runs = out == null ? Path.of("runs", experiment.name()) : out;
        FleetAccess access = server == null ? OwnServer.onThisMachine() : server.devices();
        Path scratch = Files.createTempDirectory("lutra-plan");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> abandon(scratch)));
        try {
            Plan plan;
            try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(scratch), access, new ConsoleProgress(), Version.text())) {
                plan = run.plan(runs);
            }
            System.out.print(json.isWanted() ? Json.line(document(plan)) + "\n" : text(plan));
            return 0;
        } finally {
            new FileTree(scratch).delete();
        }
    }

    static String text(Plan plan) {
        TextTable stages = new TextTable("stage", "hours", "reckoned from");
        plan.stages().forEach(stage -> stages.row(stage.stage(), hours(stage.seconds()), stage.from()));
        stages.row("all", hours(plan.seconds()), "");
        TextTable disk = new TextTable("disk", "GB", "free", "where");
        plan.disk().forEach(use -> disk.row(use.what(), giga(use.bytes()), giga(use.free()), use.place()));
        String memory = "memory: " + (plan.memory().bytes().isPresent()
            ? "about " + giga(plan.memory().bytes().getAsLong()) + " GB to train, of "
            : (plan.trains() ? "not told by this system" : "nothing is trained") + ", of ") + giga(plan.memory().total()) + " GB\n";
        String lacks = plan.lacks().isEmpty()
            ? "lacks: nothing that is known\n"
            : String.join("", plan.lacks().stream().map(what -> "lacks: " + Names.shown(what) + "\n").toList());
        return stages + "\n" + disk + "\n" + memory + lacks;
    }

    private static String hours(double seconds) {
        return String.format(Locale.ROOT, seconds < SECONDS_PER_HOUR ? "%.3f" : "%.1f", seconds / SECONDS_PER_HOUR);
    }

    private static String giga(long bytes) {
        return String.format(Locale.ROOT, bytes < 1e9 ? "%.3f" : "%.1f", bytes / 1e9);
    }

    private static Map<String, Object> document(Plan plan) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("stages", plan.stages());
        document.put("seconds", plan.seconds());
        document.put("disk", plan.disk().stream().map(use -> Map.of("what", use.what(), "bytes", use.bytes(), "place", use.place().toString(),
            "free", use.free())).toList());
        Map<String, Object> memory = new LinkedHashMap<>();
        memory.put("bytes", plan.memory().bytes().isPresent() ? plan.memory().bytes().getAsLong() : null);
        memory.put("total", plan.memory().total());
        document.put("memory", memory);
        document.put("lacks", plan.lacks());
        return document;
    }

    /** After Ctrl-C, while something may still write: what is there by then. */
    private static void abandon(Path folder) {
        try {
            new FileTree(folder).delete();
        } catch (UncheckedIOException e) {
            // nobody is there to be told
        }
    }
}

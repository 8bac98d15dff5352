package dev.lutra.server.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Runtime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "lut", mixinStandardHelpOptions = true, description = "Lookup tables.", synopsisSubcommandLabel = "COMMAND",
    subcommands = {LutCommand.ListTables.class, LutCommand.Show.class})
final class LutCommand implements Runnable {

    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm'Z'").withZone(ZoneOffset.UTC);

    @Override
    public void run() {
        throw new InputException("lut: no command (expected: lut list or lut show FILE)");
    }

    private static String runtime(LookupTable table) {
        Runtime runtime = table.content().getRuntime();
        return runtime.getName() + " " + runtime.getVersion() + " " + runtime.getProvider() + ", "
            + runtime.getThreads() + (runtime.getThreads() == 1 ? " thread" : " threads");
    }

    private static String millis(double nanos) {
        return String.format(Locale.ROOT, "%.4f", nanos / 1e6);
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Tables of a folder.")
    static final class ListTables implements Runnable {

        @Parameters(index = "0", arity = "0..1", paramLabel = "DIR", defaultValue = "lut",
            description = "Folder (default: ${DEFAULT-VALUE}).")
        private Path folder;

        @Option(names = "--json", description = "One JSON document on standard output.")
        private boolean json;

        @Override
        public void run() {
            Map<Path, LookupTable> tables = new LinkedHashMap<>();
            for (Path file : files()) {
                tables.put(file, LookupTable.load(file));
            }
            if (json) {
                System.out.println(Json.line(tables.entrySet().stream().map(entry -> document(entry.getKey(), entry.getValue())).toList()));
                return;
            }
            TextTable text = new TextTable("file", "device", "runtime", "batch", "entries", "calibrated", "source");
            tables.forEach((file, table) -> text.row(file, table.content().getDevice().getName(), runtime(table),
                table.content().getBatch(), table.entries().size(),
                table.calibration().map(c -> String.format(Locale.ROOT, "%.1f %%", 100 * c.getMeanRelativeError())).orElse("no"),
                table.content().getSource()));
            System.out.print(text);
        }

        private List<Path> files() {
            try (Stream<Path> files = Files.list(folder)) {
                return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
            } catch (NoSuchFileException e) {
                throw new InputException(folder + ": no such folder (expected: a folder of tables)", e);
            } catch (IOException e) {
                throw new UncheckedIOException(folder + ": cannot be read: " + e.getMessage(), e);
            }
        }

        private static Map<String, Object> document(Path file, LookupTable table) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("file", file.toString());
            document.put("device", table.content().getDevice().getName());
            document.put("runtime", runtime(table));
            document.put("batch", table.content().getBatch());
            document.put("entries", table.entries().size());
            document.put("source", table.content().getSource());
            table.calibration().ifPresent(c -> document.put("heldOutError", c.getMeanRelativeError()));
            return document;
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Entries of a table, slowest first.")
    static final class Show implements Runnable {

        @Parameters(index = "0", paramLabel = "FILE", description = "The table.")
        private Path file;

        @Option(names = "--json", description = "One JSON document on standard output: the table itself.")
        private boolean json;

        @Override
        public void run() {
            LookupTable table = LookupTable.load(file);
            if (json) {
                try {
                    System.out.println(JsonFormat.printer().omittingInsignificantWhitespace().print(table.content()));
                } catch (InvalidProtocolBufferException e) {
                    throw new IllegalStateException("a loaded table always prints", e);
                }
                return;
            }
            print(table);
        }

        private static void print(LookupTable table) {
            System.out.println("device   " + table.content().getDevice().getName() + ": " + table.content().getDevice().getCpu()
                + ", " + table.content().getDevice().getLogicalCores() + " cores, " + table.content().getDevice().getOs());
            System.out.println("runtime  " + runtime(table));
            System.out.println("numbers  " + table.content().getPrecision() + ", batch " + table.content().getBatch());
            System.out.println("source   " + table.content().getSource());
            System.out.println("call     " + millis(table.callOverheadNanos()) + " ms, contained in every entry, paid once by a network");
            table.calibration().ifPresent(Show::print);
            System.out.println();
            TextTable text = new TextTable("key", "p50 ms", "p90 ms", "p99 ms", "+-", "samples", "state", "measured", "first met at");
            table.entries().stream().sorted((a, b) -> Long.compare(b.getLatency().getP50Nanos(), a.getLatency().getP50Nanos()))
                .forEach(entry -> text.row(entry.getKey(), millis(entry.getLatency().getP50Nanos()),
                    millis(entry.getLatency().getP90Nanos()), millis(entry.getLatency().getP99Nanos()),
                    String.format(Locale.ROOT, "%.2f %%", 100 * entry.getLatency().getRelativeHalfWidth()),
                    entry.getLatency().getSamples(), state(entry), measuredAt(entry), entry.getLabel()));
            System.out.print(text);
        }

        static void print(Calibration c) {
            System.out.println(String.format(Locale.ROOT,
                "fitted   %.4f x entries %+.4f ms, then op by op and segment by segment, on %d networks",
                c.getScale(), c.getBiasNanos() / 1e6, c.getFittedOn()));
            System.out.println(String.format(Locale.ROOT,
                "held out %d networks: mean error %.1f %%, worst %.1f %%, %.0f %% within 5 %%, "
                + "%.0f %% within 10 %%, tau %.2f, %.0f %% inside their interval", c.getHeldOut(), 100 * c.getMeanRelativeError(),
                100 * c.getWorstRelativeError(), 100 * c.getWithin5Percent(), 100 * c.getWithin10Percent(), c.getKendallTau(),
                100 * c.getIntervalCoverage()));
            System.out.println(String.format(Locale.ROOT,
                "         unfitted: mean error %.1f %%, tau %.2f; noise floor %s; p99: mean error %s",
                100 * c.getUncalibratedMeanRelativeError(), c.getUncalibratedKendallTau(), stated(c.getNoiseFloor()),
                stated(c.getP99MeanRelativeError())));
        }

        private static String stated(double share) {
            return Double.isNaN(share) ? "not stated" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
        }

        private static String state(Entry entry) {
            if (!entry.hasCircumstances()) {
                return "";
            }
            return entry.getCircumstances().getConverged()
                ? entry.getCircumstances().getSteady() ? "converged" : "not steady" : "not converged";
        }

        private static String measuredAt(Entry entry) {
            long millis = entry.getCircumstances().getMeasuredAtMillis();
            return millis == 0 ? "" : DAY.format(Instant.ofEpochMilli(millis));
        }
    }
}

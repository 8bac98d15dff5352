package dev.lutra.server.cli.table;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.latency.IntegerKernels;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.view.TableView;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(name = "show", mixinStandardHelpOptions = true, description = "Entries of a table, slowest first; with --json the table itself.")
final class LutShowCommand implements Runnable {

    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm'Z'").withZone(ZoneOffset.UTC);

    @Parameters(index = "0", paramLabel = "FILE", description = "The table.")
    private Path file;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        LookupTable table = LookupTable.load(file);
        if (json.isWanted()) {
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
        Lines.print("device   " + device(table.content().getDevice()));
        Lines.print("runtime  " + TableWords.runtime(table));
        Lines.print("numbers  " + table.content().getPrecision() + ", batch " + table.content().getBatch());
        Lines.print("source   " + table.content().getSource());
        MeasuringRules.of(table).forEach(rules -> Lines.print("rules    " + rules));
        if (table.callOverheadNanos() > 0) {
            Lines.print("call     " + Figures.millis(table.callOverheadNanos())
                + " ms, contained in every entry, paid once by a network");
        }
        table.calibration().ifPresent(LutShowCommand::print);
        IntegerKernels.of(table).ifPresent(kernels -> Lines.print("integers " + kernels.described()));
        Lines.print("memory   " + memory(table));
        Lines.print("energy   " + energy(table));
        System.out.println();
        TextTable text = new TextTable(
            "key", "p50 ms", "p90 ms", "p99 ms", "+-", "+- runs", "samples", "state", "measured", "first met at");
        table.entries().stream().sorted(Comparator.comparingLong((Entry entry) -> -entry.getLatency().getP50Nanos()))
            .forEach(entry -> row(text, entry));
        System.out.print(text);
    }

    private static String energy(LookupTable table) {
        String device = table.content().getDevice().getEnergyOfModelsOrDefault(table.content().getRuntime().getProvider(), "");
        return new LatencyModel(table).energy().map(model -> table.content().getCallEnergy().getSource() + "; a call "
            + Figures.millionths(table.content().getCallEnergy().getNanojoules()) + " mJ" + (model.fittedOn() == 0
                ? ", sums of entries"
                : ", sums of entries brought to " + model.fittedOn() + " networks"))
            .orElse(device.startsWith("not told") ? device : "not measured");
    }

    private static String memory(LookupTable table) {
        String device = table.content().getDevice().getMemoryOfModels();
        return new LatencyModel(table).memory().map(memory -> String.format(Locale.ROOT,
            "predicted from %d networks; each left out: mean error %.1f %%", memory.fittedOn(), 100 * memory.meanRelativeError()))
            .orElse(device.isEmpty() || device.equals("told") ? "not measured" : device);
    }

    /** How well the table predicts whole networks. */
    static void print(Calibration c) {
        Lines.print(String.format(Locale.ROOT,
            "fitted   %.4f x entries %+.4f ms, then op by op and segment by segment, on %d networks",
            c.getScale(), c.getBiasNanos() / 1e6, c.getFittedOn()));
        Lines.print(String.format(Locale.ROOT,
            "held out %d networks: mean error %.1f %%, worst %.1f %%, %.0f %% within 5 %%, "
                + "%.0f %% within 10 %%, tau %.2f, %.0f %% inside their interval",
            c.getHeldOut(), 100 * c.getMeanRelativeError(),
            100 * c.getWorstRelativeError(), 100 * c.getWithin5Percent(), 100 * c.getWithin10Percent(), c.getKendallTau(),
            100 * c.getIntervalCoverage()));
        Lines.print(String.format(Locale.ROOT,
            "         unfitted: mean error %.1f %%, tau %.2f; noise floor %s; p99: mean error %s",
            100 * c.getUncalibratedMeanRelativeError(), c.getUncalibratedKendallTau(), stated(c.getNoiseFloor()),
            stated(c.getP99MeanRelativeError())));
    }

    private static String stated(double share) {
        return Double.isNaN(share) ? "not stated" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }

    private static String device(Device device) {
        StringBuilder text = new StringBuilder(device.getName()).append(": ").append(device.getCpu());
        if (device.getLogicalCores() > 0) {
            text.append(", ").append(device.getLogicalCores()).append(" cores");
        }
        if (!device.getOs().isEmpty()) {
            text.append(", ").append(device.getOs());
        }
        return device.getProtection().isEmpty() ? text.toString() : text.append(", models ran ").append(device.getProtection()).toString();
    }

    private static void row(TextTable text, Entry entry) {
        Distribution latency = entry.getLatency();
        text.row(entry.getKey(), Figures.millis(latency.getP50Nanos()), given(latency.getP90Nanos()),
            given(latency.getP99Nanos()), width(latency.getRelativeHalfWidth()), width(latency.getBetweenRunsHalfWidth()),
            latency.getSamples() == 0 ? "" : latency.getSamples(), TableView.state(entry), measuredAt(entry), entry.getLabel());
    }

    /** An imported table has no quantiles but the one. */
    private static String given(long nanos) {
        return nanos == 0 ? "" : Figures.millis(nanos);
    }

    private static String width(double relative) {
        return relative == 0 ? "" : Double.isFinite(relative) ? Figures.percent(relative) : "unknown";
    }

    private static String measuredAt(Entry entry) {
        long millis = entry.getCircumstances().getMeasuredAtMillis();
        return millis == 0 ? "" : DAY.format(Instant.ofEpochMilli(millis));
    }
}

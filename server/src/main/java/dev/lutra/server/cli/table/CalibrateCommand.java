package dev.lutra.server.cli.table;

import dev.lutra.InputException;
import dev.lutra.csv.Csv;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.space.SpaceArgument;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "calibrate", mixinStandardHelpOptions = true, description = "Fits a table to latencies of whole networks that were measured by other means, from a CSV file. Without a table "
    + "of the device its segments are estimated.")
public final class CalibrateCommand implements Runnable {

    private static final int LEAST = 3;
    private static final double NANOS_A_MILLI = 1e6;
    private static final double LONGEST_MILLIS = 1e9;

    @Mixin
    private SpaceArgument space;

    @Option(names = "--networks", required = true, paramLabel = "F.csv", description = "Columns 'arch' and one of latencies in milliseconds.")
    private Path networks;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "latency_ms", description = "The column of latencies (default: ${DEFAULT-VALUE}).")
    private String column;

    @Option(names = "--lut", paramLabel = "F", description = "A table of the device to calibrate (default: an estimated one).")
    private Path table;

    @Option(names = "--device", paramLabel = "NAME", description = "Name for the device of an estimated table (default: the column's).")
    private String device;

    @Option(names = "--fit", paramLabel = "N", description = "Networks to fit, drawn at random (default: four fifths); the rest is held out.")
    private Integer fit;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the draw.")
    private long seed;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Table to write.")
    private Path out;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        if (table != null && device != null) {
            throw new InputException("--device: given with --lut (expected: one of them; a table has its device's name)");
        }
        SearchSpace searchSpace = space.load();
        LookupTable start = table == null ? estimated(searchSpace) : LookupTable.load(table);
        Calibration calibration = Calibrator.fit(start, read(searchSpace, new LatencyModel(start)));
        start.withCalibration(calibration).save(out);
        if (json.isWanted()) {
            System.out.println(Json.line(document(calibration)));
        } else {
            LutShowCommand.print(calibration);
        }
        System.err.println("wrote " + out);
    }

    private Map<String, Object> document(Calibration calibration) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", out.toString());
        document.put("fitted_on", calibration.getFittedOn());
        document.put("held_out", calibration.getHeldOut());
        document.put("held_out_error", calibration.getMeanRelativeError());
        document.put("worst_error", calibration.getWorstRelativeError());
        document.put("inside_interval", calibration.getIntervalCoverage());
        document.put("tau", calibration.getKendallTau());
        return document;
    }

    private LookupTable estimated(SearchSpace searchSpace) {
        return EstimatedTable.of(searchSpace, Device.newBuilder().setName(device == null ? column : device).build(),
            Runtime.newBuilder().setName("unknown").build(), "float32", 1);
    }

    private List<WholeNetwork> read(SearchSpace searchSpace, LatencyModel model) {
        Csv csv = Csv.read(networks);
        for (String required : List.of("arch", column)) {
            if (csv.column(required) < 0) {
                throw new InputException(networks + ":1: no column '" + required + "' (expected: arch and a column of milliseconds)");
            }
        }
        if (csv.rows().size() < LEAST) {
            throw InputException.in(networks, csv.rows().size() + " networks (expected: at least " + LEAST + ")");
        }
        int fitted = fit == null ? Math.max(2, csv.rows().size() * 4 / 5) : fit;
        if (fitted < 2 || fitted >= csv.rows().size()) {
            throw new InputException("--fit: " + fitted + " (expected: 2 to " + (csv.rows().size() - 1) + ", leaving some to hold out)");
        }
        List<Csv.Row> rows = new ArrayList<>(csv.rows());
        Collections.shuffle(rows, new Random(seed));
        List<WholeNetwork> read = new ArrayList<>();
        for (Csv.Row row : rows) {
            Architecture architecture = architecture(csv, row, searchSpace);
            Prediction sum = model.predict(searchSpace.build(architecture));
            read.add(WholeNetwork.newBuilder().setSpace(searchSpace.name()).setArchitecture(architecture.toString())
                .addAllSegments(sum.parts().stream().map(Prediction.Part::key).toList()).setHeldOut(read.size() >= fitted)
                .setLatency(Distribution.newBuilder().setP50Nanos(nanos(csv, row))).build());
        }
        return read;
    }

    /** Public tables often write one digit a layer. */
    private static Architecture architecture(Csv csv, Csv.Row row, SearchSpace searchSpace) {
        String text = row.cells().get(csv.column("arch")).strip();
        try {
            return searchSpace.parse(text.matches("\\d+") ? String.join(",", text.split("")) : text);
        } catch (InputException e) {
            throw new InputException(csv.file() + ":" + row.line() + ": " + e.getMessage(), e);
        }
    }

    private long nanos(Csv csv, Csv.Row row) {
        double millis = csv.number(row, csv.column(column), 1 / NANOS_A_MILLI, LONGEST_MILLIS, "milliseconds, more than 0");
        return Math.round(NANOS_A_MILLI * millis);
    }
}

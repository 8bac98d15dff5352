package dev.lutra.server.cli.table;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.EnergyModel;
import dev.lutra.latency.correction.Interval;
import dev.lutra.latency.correction.MemoryModel;
import dev.lutra.network.Network;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.cli.space.SpaceArgument;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "predict", mixinStandardHelpOptions = true, description = "Latency, peak memory and energy of an architecture by a lookup table.")
public final class PredictCommand implements Runnable {

    @Mixin
    private SpaceArgument space;

    @Option(names = "--arch", required = true, paramLabel = "A", description = "The architecture.")
    private String architecture;

    @Option(names = "--lut", required = true, paramLabel = "F", description = "The lookup table.")
    private Path table;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        SearchSpace searchSpace = space.load();
        Architecture chosen = searchSpace.parse(architecture);
        LookupTable lookup = LookupTable.load(table);
        LatencyModel model = new LatencyModel(lookup);
        Network network = searchSpace.build(chosen);
        Prediction prediction = model.predict(network);
        Optional<MemoryModel.Predicted> memory = model.memory().map(peaks -> peaks.predict(model.memoryOf(network)));
        Optional<EnergyModel.Predicted> energy = model.energy()
            .map(sums -> sums.predict(prediction.parts().stream().map(Prediction.Part::key).toList()));
        if (json.isWanted()) {
            Map<String, Object> document = document(searchSpace, chosen, lookup, prediction, memory);
            energy.ifPresent(told -> {
                document.put("energy_mj", told.nanojoules() / 1e6);
                document.put("energy_interval_mj", millions(told.interval()));
            });
            System.out.println(Json.line(document));
            return;
        }
        TextTable text = new TextTable("segment", "key", "ms", "share");
        long sum = Math.max(1, prediction.parts().stream().mapToLong(Prediction.Part::nanos).sum());
        for (Prediction.Part part : prediction.parts()) {
            text.row(part.segment(), part.key(), Figures.millis(part.nanos()),
                String.format(Locale.ROOT, "%.1f %%", 100.0 * part.nanos() / sum));
        }
        System.out.print(text);
        System.out.println("sum of segments and one call  " + Figures.millis(prediction.sumNanos()) + " ms");
        if (lookup.content().getBatch() > 1) {
            System.out.println("of one call for " + lookup.content().getBatch() + " images, each  "
                + Figures.millis(prediction.nanos() / lookup.content().getBatch()) + " ms");
        }
        memory.ifPresent(peak -> System.out.println("peak memory                   " + Figures.megabytes(peak.bytes()) + ", 95 %: "
            + Figures.megabytes(peak.interval().low()) + " to " + Figures.megabytes(peak.interval().high())));
        energy.ifPresent(told -> System.out.println("energy of a call              " + Figures.millionths(told.nanojoules()) + " mJ, 95 %: "
            + Figures.millionths(told.interval().low()) + " to " + Figures.millionths(told.interval().high())));
        lookup.calibration().ifPresentOrElse(fit -> {
            prediction.interval()
                .ifPresent(interval -> System.out.println("calibrated, p50               " + described(prediction.nanos(), interval)));
            prediction.p99().ifPresent(tail -> System.out.println("p99                           " + described(tail.nanos(), tail.interval())));
            System.out.println(String.format(Locale.ROOT,
                "on %d held-out networks: mean error %.1f %%, worst %.1f %%, %.0f %% inside "
                    + "the interval, tau %.2f",
                fit.getHeldOut(), 100 * fit.getMeanRelativeError(), 100 * fit.getWorstRelativeError(),
                100 * fit.getIntervalCoverage(), fit.getKendallTau()));
        }, () -> System.out.println("not calibrated: the error of this table on whole networks is unknown"));
    }

    private static Map<String, Object> document(SearchSpace space, Architecture chosen, LookupTable lookup, Prediction prediction,
        Optional<MemoryModel.Predicted> memory) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("space", space.name());
        document.put("arch", chosen.toString());
        document.put("table", lookup.origin());
        document.put("latency_ms", prediction.nanos() / 1e6);
        if (lookup.content().getBatch() > 1) {
            document.put("batch", lookup.content().getBatch());
            document.put("latency_ms_per_image", prediction.nanos() / 1e6 / lookup.content().getBatch());
        }
        document.put("sum_ms", prediction.sumNanos() / 1e6);
        prediction.interval().ifPresent(interval -> document.put("interval_ms", millions(interval)));
        prediction.p99().ifPresent(tail -> {
            document.put("p99_ms", tail.nanos() / 1e6);
            document.put("p99_interval_ms", millions(tail.interval()));
        });
        memory.ifPresent(peak -> {
            document.put("memory_mb", peak.bytes() / 1e6);
            document.put("memory_interval_mb", millions(peak.interval()));
        });
        lookup.calibration().ifPresent(fit -> document.put("held_out_error", fit.getMeanRelativeError()));
        Map<String, Object> segments = new LinkedHashMap<>();
        prediction.parts().forEach(part -> segments.put(part.segment(), part.nanos() / 1e6));
        document.put("segments_ms", segments);
        return document;
    }

    private static String described(long nanos, Interval interval) {
        return Figures.millis(nanos) + " ms, 95 %: " + Figures.millis(interval.low()) + " to "
            + Figures.millis(interval.high());
    }

    private static List<Double> millions(Interval interval) {
        return List.of(interval.low() / 1e6, interval.high() / 1e6);
    }
}

package dev.lutra.server.profile;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.space.SearchSpace;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well a device's latencies are known beside how far apart they are on a front.
 *
 * @param halfWidth of the intervals of the front's predictions, relative, the median
 * @param apart by how much neighbours on the front differ in predicted latency, relative, the median
 */
public record FrontPrecision(String device, double halfWidth, double apart) {

    /** Empty for fewer than two networks, and for a table whose predictions have no interval. */
    public static Optional<FrontPrecision> of(String device, LookupTable table, SearchSpace space, Front front) {
        LatencyModel model = new LatencyModel(table);
        List<Prediction> predictions = front.candidates().stream().map(Candidate::architecture)
            .map(architecture -> model.predict(space.build(architecture))).toList();
        if (predictions.size() < 2 || predictions.stream().anyMatch(prediction -> prediction.interval().isEmpty())) {
            return Optional.empty();
        }
        double[] nanos = predictions.stream().mapToDouble(Prediction::nanos).sorted().toArray();
        return Optional.of(new FrontPrecision(device,
            median(predictions.stream().mapToDouble(FrontPrecision::halfWidth).toArray()),
            median(IntStream.range(1, nanos.length).mapToDouble(i -> nanos[i] / nanos[i - 1] - 1).toArray())));
    }

    private static double halfWidth(Prediction prediction) {
        return prediction.interval().map(interval -> (interval.high() - interval.low()) / 2.0 / prediction.nanos()).orElseThrow();
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return (values[(values.length - 1) / 2] + values[values.length / 2]) / 2;
    }

    /** Whether neighbours on the front differ by less than what is known of them. */
    public boolean isTooCoarse() {
        return halfWidth > apart;
    }

    /** In one line, with what to do about it where it is too coarse. */
    public String described() {
        String figures = Math.round(100 * halfWidth) == Math.round(100 * apart)
            ? "latencies on %s are known to ±%.1f %%, networks on the front differ by %.1f %%%s"
            : "latencies on %s are known to ±%.0f %%, networks on the front differ by %.0f %%%s";
        return String.format(Locale.ROOT, figures, device, 100 * halfWidth, 100 * apart,
            isTooCoarse() ? ": measure in a calmer moment or give it longer" : "");
    }
}

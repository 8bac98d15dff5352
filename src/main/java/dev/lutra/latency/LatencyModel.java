package dev.lutra.latency;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Predicts the latency of whole networks from a table of their segments.
 *
 * <p>The trap is the session call. A segment can only be timed inside a call of its own, so every entry of the table
 * contains the overhead of one call, while a network of twenty segments pays it once. A plain sum of the entries would count
 * it twenty times over. Hence: the sum over segments of (median − call overhead), plus one call overhead. A segment cheaper
 * than the overhead's noise counts 0, never less: a layer does not make a network faster.
 */
public final class LatencyModel {

    private final LookupTable table;

    public LatencyModel(LookupTable table) {
        this.table = table;
    }

    public LookupTable table() {
        return table;
    }

    /**
     * Predicts the median latency of one call for the table's batch.
     *
     * @throws InputException if the table lacks segments of the network, naming the table and each of them
     */
    public Prediction predict(Network network) {
        List<Prediction.Part> parts = new ArrayList<>();
        List<Segment> missing = new ArrayList<>();
        long sumNanos = table.callOverheadNanos();
        for (Segment segment : network.segments()) {
            if (segment.ops().isEmpty()) {
                continue;
            }
            String key = segment.key();
            Optional<Entry> entry = table.entry(key);
            if (entry.isEmpty()) {
                missing.add(segment);
                continue;
            }
            long nanos = Math.max(0, entry.get().getLatency().getP50Nanos() - table.callOverheadNanos());
            parts.add(new Prediction.Part(segment.name(), key, nanos));
            sumNanos += nanos;
        }
        if (!missing.isEmpty()) {
            throw new InputException(table.origin() + ": no entry for " + described(missing) + " of " + network.name());
        }
        return new Prediction(calibrated(sumNanos), sumNanos, parts);
    }

    /** The segments of a network that the table lacks. */
    public List<Segment> missing(Network network) {
        return network.segments().stream()
            .filter(segment -> !segment.ops().isEmpty() && table.entry(segment.key()).isEmpty()).toList();
    }

    private static String described(List<Segment> segments) {
        return segments.stream().map(segment -> segment.name() + " (" + segment.key() + ")").collect(Collectors.joining(", "));
    }

    private long calibrated(long sumNanos) {
        Optional<Calibration> calibration = table.calibration();
        if (calibration.isEmpty()) {
            return sumNanos;
        }
        double nanos = calibration.get().getScale() * sumNanos + calibration.get().getBiasNanos();
        return Math.max(0, Math.round(nanos));
    }
}

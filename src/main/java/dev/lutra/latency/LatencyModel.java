package dev.lutra.latency;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.LiveValues;
import dev.lutra.latency.correction.Correction;
import dev.lutra.latency.correction.EnergyModel;
import dev.lutra.latency.correction.MemoryModel;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.proto.NetworkMemory;
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
 * than the overhead's noise counts 0, never less: a layer does not make a network faster. Where the table is calibrated, whole
 * networks then correct that sum, and the prediction says how far to trust it. Safe for use by several threads.
 */
public final class LatencyModel {

    private final LookupTable table;
    private final Optional<Correction> correction;
    private final Optional<MemoryModel> memory;
    private final Optional<EnergyModel> energy;
    /** What every network takes besides its segments. */
    private final double fixedNanos;
    private final long leastNanos;

    public LatencyModel(LookupTable table) {
        this.table = table;
        correction = table.calibration().map(calibration -> Correction.of(table, calibration));
        memory = MemoryModel.of(table.networks());
        energy = table.energyModel();
        fixedNanos = correction.map(Correction::biasNanos).orElse((double) table.callOverheadNanos());
        leastNanos = correction.isPresent() ? Correction.LEAST_NANOS : 0;
    }

    public LookupTable table() {
        return table;
    }

    /** Whether predictions have a p99: the table was calibrated on networks that state theirs. */
    public boolean predictsP99() {
        return correction.map(Correction::predictsP99).orElse(false);
    }

    /** What every network takes besides its segments: a call, or what a correction has in its place. */
    public double fixedNanos() {
        return fixedNanos;
    }

    /** Least that a network takes, whatever its segments add. */
    public long leastNanos() {
        return leastNanos;
    }

    /** The peak memory of networks; empty where the table has too few whose memory was measured. */
    public Optional<MemoryModel> memory() {
        return memory;
    }

    /** The energy of networks; empty where an entry of the table does not state its own. */
    public Optional<EnergyModel> energy() {
        return energy;
    }

    /**
     * What a segment adds to the energy of its network, before what whole networks make of it, in nanojoules.
     *
     * @return NaN if the table lacks it
     */
    public double addedNanojoules(Segment segment) {
        if (segment.ops().isEmpty()) {
            return 0;
        }
        String key = segment.key();
        return energy.isEmpty() || table.entry(key).isEmpty() ? Double.NaN : energy.get().addedNanojoules(key);
    }

    /**
     * What the memory of a network of the table's batch is predicted from.
     *
     * @param parameters that it has
     * @param liveValues most that are there at the same time, for one image
     */
    public NetworkMemory memoryOf(long parameters, long liveValues) {
        return NetworkMemory.newBuilder().setWeightBytes(Float.BYTES * parameters)
            .setLiveBytes(Float.BYTES * table.content().getBatch() * liveValues).build();
    }

    /** The same of a network as it is built. */
    public NetworkMemory memoryOf(Network network) {
        return memoryOf(Cost.of(network).params(), LiveValues.most(network));
    }

    /**
     * Predicts the latency of one call for the table's batch.
     *
     * @throws InputException if the table lacks segments of the network, naming the table and each of them
     */
    public Prediction predict(Network network) {
        List<Prediction.Part> parts = new ArrayList<>();
        List<Segment> missing = new ArrayList<>();
        for (Segment segment : network.segments()) {
            if (segment.ops().isEmpty()) {
                continue;
            }
            String key = segment.key();
            if (table.entry(key).isPresent()) {
                parts.add(new Prediction.Part(segment.name(), key, table.ownNanos(key)));
            } else {
                missing.add(segment);
            }
        }
        if (!missing.isEmpty()) {
            throw new InputException(table.origin() + ": no entry for " + described(network, missing) + " of " + network.name());
        }
        List<String> keys = parts.stream().map(Prediction.Part::key).toList();
        long sumNanos = table.sumNanos(keys);
        return correction.map(fit -> fit.predict(keys))
            .map(corrected -> new Prediction(corrected.nanos(), sumNanos, parts, Optional.of(corrected.interval()),
                corrected.p99()))
            .orElseGet(() -> new Prediction(sumNanos, sumNanos, parts, Optional.empty(), Optional.empty()));
    }

    /**
     * What a segment adds to the latency of its network, in nanoseconds, calibrated where the table is.
     *
     * @return NaN if the table lacks it
     */
    public double addedNanos(Segment segment) {
        if (segment.ops().isEmpty()) {
            return 0;
        }
        String key = segment.key();
        if (table.entry(key).isEmpty()) {
            return Double.NaN;
        }
        return correction.isPresent() ? correction.get().addedNanos(key) : table.ownNanos(key);
    }

    /**
     * The latency of a network whose segments add so much: what {@link #predict} says of it, within rounding.
     *
     * @param addedNanos sum of {@link #addedNanos(Segment)}
     */
    public long nanos(double addedNanos) {
        return Math.round(Math.max(leastNanos, fixedNanos + addedNanos));
    }

    /**
     * The p99 of a network of this latency.
     *
     * @throws IllegalStateException if the table {@linkplain #predictsP99 predicts none}
     */
    public long p99Nanos(long nanos) {
        return correction.orElseThrow(() -> new IllegalStateException(table.origin() + ": predicts no p99")).p99Nanos(nanos);
    }

    /** Whether a network that takes longer never has a smaller p99. */
    public boolean isP99Monotone() {
        return correction.map(Correction::isP99Monotone).orElse(false);
    }

    /** The segments of a network that the table lacks. */
    public List<Segment> missing(Network network) {
        return network.segments().stream()
            .filter(segment -> !segment.ops().isEmpty() && table.entry(segment.key()).isEmpty()).toList();
    }

    private String described(Network network, List<Segment> segments) {
        return segments.stream().map(segment -> segment.name() + " (" + segment.key()
            + table.nameFor(network, segment).map(name -> ": " + name).orElse("") + ")").collect(Collectors.joining(", "));
    }
}

package dev.lutra.measure.sums;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.LiveValues;
import dev.lutra.cost.ModelSize;
import dev.lutra.latency.LatencyModel;
import dev.lutra.measure.Additive;
import dev.lutra.network.Segment;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * MACs, parameters, BitOps, sizes and latencies of a space's architectures, a few array reads each: all are sums over segments, so the sum of each
 * slot's segments is tabulated for every combination of its genes. What lives at the same time is no sum but the largest of the
 * segments'. Counts and latencies of tables without a calibration are
 * whole numbers and exact; calibrated latencies are sums of fractions, equal to the interpreted ones within rounding. Safe for use by
 * several threads.
 */
public final class CostTable {

    private static final int MACS = 0;
    private static final int PARAMS = 1;
    private static final int LIVE = 2;
    private static final int BITOPS = 3;
    private static final int BYTES = 4;
    private static final int DEVICES = 5;

    private final Slots slots;
    private final List<LatencyModel> devices;
    private final int columns;
    /** By column: what every network has. */
    private final double[] fixed;
    /** By slot: the genes that choose its combination, and where in the table its first one begins. */
    private final int[][] genes;
    private final int[][] sizes;
    private final int[] first;
    /** Of every slot every combination, of every combination every column. */
    private final double[] table;

    private CostTable(Slots slots, CountingRule rule, List<LatencyModel> devices) {
        this.slots = slots;
        this.devices = List.copyOf(devices);
        columns = DEVICES + 2 * devices.size();
        genes = new int[slots.count()][];
        sizes = new int[slots.count()][];
        first = new int[slots.count()];
        int cells = 0;
        for (int slot = 0; slot < first.length; slot++) {
            genes[slot] = slots.genes(slot);
            sizes[slot] = slots.sizes(slot);
            first[slot] = cells;
            cells += slots.combinations(slot) * columns;
        }
        fixed = new double[columns];
        add(slots.fixed(), rule, fixed, 0);
        table = new double[cells];
        List<List<List<Segment>>> segments = slots.segments();
        for (int slot = 0; slot < first.length; slot++) {
            for (int combination = 0; combination < slots.combinations(slot); combination++) {
                add(segments.get(slot).get(combination), rule, table, first[slot] + combination * columns);
            }
        }
    }

    private void add(List<Segment> segments, CountingRule rule, double[] to, int at) {
        for (Segment segment : segments) {
            Cost cost = rule.count(segment.ops());
            to[at + MACS] += cost.macs();
            to[at + PARAMS] += cost.params();
            to[at + BITOPS] += CountingRule.BITOPS.count(segment.ops()).macs();
            to[at + BYTES] += ModelSize.of(segment.ops()).bytes();
            for (int device = 0; device < devices.size(); device++) {
                to[at + DEVICES + device] += devices.get(device).addedNanos(segment);
                to[at + energy(device)] += devices.get(device).addedNanojoules(segment);
            }
            to[at + LIVE] = Math.max(to[at + LIVE], LiveValues.most(segment));
        }
    }

    /** Column of the energy on a device. */
    private int energy(int device) {
        return DEVICES + devices.size() + device;
    }

    /**
     * Tabulates a space; builds as many networks as the slot of most combinations has.
     *
     * @return empty where genes act all over the network, as in cells, or the rule does not count segment by segment: then networks
     *     have to be built and interpreted one by one
     */
    public static Optional<CostTable> of(SearchSpace space, CountingRule rule, List<LatencyModel> devices) {
        return rule.isSumOfSegments() ? Slots.of(space).map(slots -> new CostTable(slots, rule, devices)) : Optional.empty();
    }

    /** The slots whose parts make the sums. */
    public Slots slots() {
        return slots;
    }

    /** How many sums there are: MACs, parameters, what lives at the same time, BitOps, bytes, and two a device. */
    public int columns() {
        return columns;
    }

    /**
     * Sums up an architecture.
     *
     * @param values for every gene the position in its options
     * @param sums MACs, parameters, most values at the same time, BitOps, bytes of parameters, and for every device what the segments add to the latency, NaN where its table lacks
     *     one, then for every device the same of energy
     */
    public void sum(int[] values, double[] sums) {
        System.arraycopy(fixed, 0, sums, 0, columns);
        for (int slot = 0; slot < first.length; slot++) {
            int[] slotGenes = genes[slot];
            int[] slotSizes = sizes[slot];
            int combination = values[slotGenes[0]];
            for (int i = 1; i < slotGenes.length; i++) {
                combination = combination * slotSizes[i] + values[slotGenes[i]];
            }
            int at = first[slot] + combination * columns;
            double live = Math.max(sums[LIVE], table[at + LIVE]);
            for (int column = 0; column < columns; column++) {
                sums[column] += table[at + column];
            }
            sums[LIVE] = live;
        }
    }

    /** MACs and parameters of what was summed up. */
    public static Cost cost(double[] sums) {
        return new Cost((long) sums[MACS], (long) sums[PARAMS]);
    }

    /** How many values are there at the same time, at most, in what was summed up: no sum, but the largest of its segments'. */
    public static long liveValues(double[] sums) {
        return (long) sums[LIVE];
    }

    /** What the segments that were summed up add to the latency of a device. */
    public static double addedNanos(double[] sums, int device) {
        return sums[DEVICES + device];
    }

    /** What the segments that were summed up add to the energy on a device; NaN where its table tells none. */
    public double addedNanojoules(double[] sums, int device) {
        return sums[energy(device)];
    }

    /**
     * A measure as a sum of parts.
     *
     * @param device number of the device, for measures of one
     * @return empty where the measure does not grow with its sum, or a table lacks segments
     */
    public Optional<SlotSum> sumOf(Additive measure, int device) {
        if (measure instanceof Additive.Counts counts) {
            return Optional.of(sum(cell -> counts.aMac() * table[cell + MACS] + counts.aParameter() * table[cell + PARAMS],
                counts.aMac() * fixed[MACS] + counts.aParameter() * fixed[PARAMS], DoubleUnaryOperator.identity()));
        }
        if (measure instanceof Additive.BitOps) {
            return Optional.of(sum(cell -> table[cell + BITOPS], fixed[BITOPS], DoubleUnaryOperator.identity()));
        }
        if (measure instanceof Additive.Bytes) {
            return Optional.of(sum(cell -> table[cell + BYTES], fixed[BYTES], DoubleUnaryOperator.identity()));
        }
        LatencyModel model = devices.get(device);
        if (measure instanceof Additive.Energy) {
            return model.energy().map(energy -> sum(cell -> table[cell + energy(device)], fixed[energy(device)], energy::nanojoules))
                .filter(SlotSum::isKnown);
        }
        boolean isTail = measure instanceof Additive.TailLatency;
        if (isTail && !model.isP99Monotone()) {
            return Optional.empty();
        }
        SlotSum sum = sum(cell -> table[cell + DEVICES + device], fixed[DEVICES + device],
            added -> isTail ? model.p99Nanos(model.nanos(added)) : model.nanos(added));
        return sum.isKnown() ? Optional.of(sum) : Optional.empty();
    }

    @FunctionalInterface
    private interface Part {
        double at(int cell);
    }

    private SlotSum sum(Part part, double fixedPart, DoubleUnaryOperator value) {
        List<double[]> parts = new ArrayList<>();
        for (int slot = 0; slot < first.length; slot++) {
            double[] ofSlot = new double[slots.combinations(slot)];
            for (int combination = 0; combination < ofSlot.length; combination++) {
                ofSlot[combination] = part.at(first[slot] + combination * columns);
            }
            parts.add(ofSlot);
        }
        return new SlotSum(fixedPart, parts, value);
    }
}

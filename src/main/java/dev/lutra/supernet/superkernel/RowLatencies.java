package dev.lutra.supernet.superkernel;

import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.measure.Additive;
import dev.lutra.measure.sums.CostTable;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.space.SearchSpace;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * What a device's latency is made of, in nanoseconds. A training keeps those that it began with: the table that they came from may be
 * shared, and grow, or be fitted anew, in the meantime.
 *
 * @param call what every network takes besides its segments
 * @param least that a network takes
 * @param fixed what segments add that every network has
 * @param parts what every option of every row adds
 */
public record RowLatencies(double call, double least, double fixed, List<List<Double>> parts) {

    public RowLatencies {
        parts = parts.stream().map(List::copyOf).toList();
    }

    /**
     * As a table has them.
     *
     * @throws InputException if it lacks a segment of the space
     */
    public static RowLatencies of(SearchSpace space, LatencyModel model) {
        SlotSum sum = CostTable.of(space, CountingRule.MACS, List.of(model)).flatMap(table -> table.sumOf(new Additive.Latency(), 0))
            .orElseThrow(() -> new InputException(model.table().origin() + ": lacks segments of " + space.name()
                + " (expected: a table of the whole space, which lutra lut check looks for)"));
        return new RowLatencies(model.fixedNanos(), model.leastNanos(), sum.fixed(),
            sum.parts().stream().map(row -> Arrays.stream(row).boxed().toList()).toList());
    }

    /** Of all that it follows from. */
    String fingerprint() {
        NamedValues.Builder values = NamedValues.builder().put("call", call).put("least", least).put("fixed", fixed);
        for (int row = 0; row < parts.size(); row++) {
            for (int option = 0; option < parts.get(row).size(); option++) {
                values.put(row + "." + option, parts.get(row).get(option));
            }
        }
        return values.build().fingerprint("row-latencies", 1);
    }

    /** The latency of the network whose rows all add the most. */
    public double mostNanos() {
        return nanos(parts.stream().mapToDouble(row -> Collections.max(row)).sum());
    }

    /** The latency of a network whose rows add so much. */
    double nanos(double rows) {
        return Math.round(Math.max(least, call + (fixed + rows)));
    }
}

package dev.lutra.supernet.superkernel;

import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.measure.Additive;
import dev.lutra.measure.sums.CostTable;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * The latency of one device as a function of decisions, linear in each of them. Where all are 0 or 1 the form {@link Form#SUM} is
 * what the device's lookup table predicts, of the segments that the architecture has there.
 */
final class RelaxedLatency {

    /** How the latency of a row follows from its decisions. */
    enum Form {
        /** The latency of every option, as much as it is used. */
        SUM,
        /**
         * That of the expansions at the largest kernel, times the ratio of each kernel to the largest at the largest expansion: the
         * published model, which has no figure for the smallest kernel at a smaller expansion. With it, squeeze-and-excite is a
         * ratio too, which is our choice.
         */
        FACTORISED
    }

    private final List<NestedRow> rows;
    private final double fixed;
    private final List<double[]> parts;
    private final DoubleUnaryOperator value;
    private final Form form;

    /**
     * @param fixed what every network adds, in nanoseconds
     * @param parts what every option of every row adds
     * @param value the latency of a sum
     */
    RelaxedLatency(List<NestedRow> rows, double fixed, List<double[]> parts, DoubleUnaryOperator value, Form form) {
        this.rows = rows;
        this.fixed = fixed;
        this.parts = parts;
        this.value = value;
        this.form = form;
    }

    /**
     * @throws InputException if the table lacks a segment of the space
     */
    static RelaxedLatency of(SearchSpace space, List<NestedRow> rows, LatencyModel model, Form form) {
        SlotSum sum = CostTable.of(space, CountingRule.MACS, List.of(model)).flatMap(table -> table.sumOf(new Additive.Latency(), 0))
            .orElseThrow(() -> new InputException(model.table().origin() + ": lacks segments of " + space.name()
                + " (expected: a table of the whole space, which lutra lut check looks for)"));
        return new RelaxedLatency(rows, sum.fixed(), sum.parts(), sum.value(), form);
    }

    /** Of all that it follows from. */
    String fingerprint() {
        NamedValues.Builder values = NamedValues.builder().put("fixed", fixed);
        for (int row = 0; row < rows.size(); row++) {
            for (int option = 0; option < parts.get(row).length; option++) {
                values.put(rows.get(row).layer() + "." + option, parts.get(row)[option]);
            }
        }
        return values.build().fingerprint("relaxed-latency", 1);
    }

    /**
     * The latency in nanoseconds.
     *
     * @param decisions by row
     */
    double nanos(List<double[]> decisions) {
        double sum = fixed;
        for (int row = 0; row < rows.size(); row++) {
            sum += rowNanos(row, decisions.get(row));
        }
        return value.applyAsDouble(sum);
    }

    /** How much the latency grows with a decision: as it is linear in it, the difference between 1 and 0, the others as they are. */
    double slope(int row, int decision, double[] decisions) {
        double[] other = decisions.clone();
        other[decision] = 1;
        double with = rowNanos(row, other);
        other[decision] = 0;
        return with - rowNanos(row, other);
    }

    private double rowNanos(int row, double[] decisions) {
        return switch (form) {
            case SUM -> sum(rows.get(row).shares(decisions), parts.get(row));
            case FACTORISED -> factorised(rows.get(row), decisions, parts.get(row));
        };
    }

    private static double sum(double[] shares, double[] nanos) {
        double sum = 0;
        for (int option = 0; option < shares.length; option++) {
            sum += shares[option] * nanos[option];
        }
        return sum;
    }

    private static double factorised(NestedRow row, double[] decisions, double[] nanos) {
        NestedRow.Part largest = row.largest();
        double most = nanos[row.position(largest)];
        double[] kernels = row.kernelShares(decisions);
        double[] expansions = row.expansionShares(decisions);
        double expanded = 0;
        for (int level = 0; level < expansions.length; level++) {
            expanded += expansions[level] * nanos[row.position(new NestedRow.Part(largest.kernel(), level, largest.excited()))];
        }
        double ratio = 0;
        for (int level = 0; level < kernels.length; level++) {
            ratio += kernels[level] * nanos[row.position(new NestedRow.Part(level, largest.expansion(), largest.excited()))] / most;
        }
        if (row.choosesExcitation()) {
            double excitation = row.excitation(decisions);
            double without = nanos[row.position(new NestedRow.Part(largest.kernel(), largest.expansion(), false))] / most;
            ratio *= excitation + (1 - excitation) * without;
        }
        double omitted = row.isOmissible() ? nanos[row.options().indexOf(Optional.<NestedRow.Part>empty())] : 0;
        double presence = row.presence(decisions);
        return presence * expanded * ratio + (1 - presence) * omitted;
    }
}

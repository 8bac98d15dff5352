package dev.lutra.supernet.superkernel;

import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

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
    private final RowLatencies latencies;
    private final Form form;

    RelaxedLatency(List<NestedRow> rows, RowLatencies latencies, Form form) {
        this.rows = rows;
        this.latencies = latencies;
        this.form = form;
    }

    /**
     * The latency in nanoseconds.
     *
     * @param decisions by row
     */
    double nanos(List<double[]> decisions) {
        double sum = 0;
        for (int row = 0; row < rows.size(); row++) {
            sum += rowNanos(row, decisions.get(row));
        }
        return latencies.nanos(sum);
    }

    /** The latency of the fastest network that decisions may come to. */
    double least() {
        return end(nanos -> nanos.min().orElseThrow());
    }

    /** That of the slowest one. */
    double most() {
        return end(nanos -> nanos.max().orElseThrow());
    }

    /** Of all that decisions of 0 and 1 may come to, row by row. */
    private double end(ToDoubleFunction<DoubleStream> end) {
        double sum = 0;
        for (int row = 0; row < rows.size(); row++) {
            int number = row;
            sum += end.applyAsDouble(rows.get(row).everyDecision().mapToDouble(decisions -> rowNanos(number, decisions)));
        }
        return latencies.nanos(sum);
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
        List<Double> nanos = latencies.parts().get(row);
        return switch (form) {
            case SUM -> sum(rows.get(row).shares(decisions), nanos);
            case FACTORISED -> factorised(rows.get(row), decisions, nanos);
        };
    }

    private static double sum(double[] shares, List<Double> nanos) {
        double sum = 0;
        for (int option = 0; option < shares.length; option++) {
            sum += shares[option] * nanos.get(option);
        }
        return sum;
    }

    private static double factorised(NestedRow row, double[] decisions, List<Double> nanos) {
        NestedRow.Part largest = row.largest();
        double most = nanos.get(row.position(largest));
        double[] kernels = row.kernelShares(decisions);
        double[] expansions = row.expansionShares(decisions);
        double expanded = 0;
        for (int level = 0; level < expansions.length; level++) {
            expanded += expansions[level] * nanos.get(row.position(new NestedRow.Part(largest.kernel(), level, largest.excited())));
        }
        double ratio = 0;
        for (int level = 0; level < kernels.length; level++) {
            ratio += kernels[level] * ratio(nanos.get(row.position(new NestedRow.Part(level, largest.expansion(), largest.excited()))), most);
        }
        if (row.choosesExcitation()) {
            double excitation = row.excitation(decisions);
            double without = ratio(nanos.get(row.position(new NestedRow.Part(largest.kernel(), largest.expansion(), false))), most);
            ratio *= excitation + (1 - excitation) * without;
        }
        double omitted = row.isOmissible() ? nanos.get(row.options().indexOf(Optional.<NestedRow.Part>empty())) : 0;
        double presence = row.presence(decisions);
        return presence * expanded * ratio + (1 - presence) * omitted;
    }

    /** An entry below what a call costs adds nothing; where the largest kernel does not, others take no less. */
    private static double ratio(double part, double most) {
        return most == 0 ? 1 : part / most;
    }
}

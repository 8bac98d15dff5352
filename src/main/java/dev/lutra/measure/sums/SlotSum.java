package dev.lutra.measure.sums;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A measure that follows from a sum of parts, one a slot.
 *
 * @param fixed what every architecture has
 * @param parts by slot and combination
 * @param value the measure of a sum; of a larger one never smaller
 */
public record SlotSum(double fixed, List<double[]> parts, DoubleUnaryOperator value) {

    boolean isKnown() {
        return !Double.isNaN(fixed) && parts.stream().flatMapToDouble(Arrays::stream).noneMatch(Double::isNaN);
    }
}

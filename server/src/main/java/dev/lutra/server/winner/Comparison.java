package dev.lutra.server.winner;

import dev.lutra.latency.correction.Interval;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * A figure of one network on one device: what was asked, what was expected, what came. In the unit of its measure.
 *
 * @param asked most that it may be; empty where nothing bounds it
 * @param predicted by the device's table; empty where it tells none
 * @param expected where 95 of 100 measurements should lie by the table; empty where it does not say
 * @param measured 0 where the device could not tell it
 * @param known the measurement's own 95 % interval; empty where it is not known
 */
public record Comparison(Optional<Long> asked, Optional<Long> predicted, Optional<Interval> expected, long measured,
    Optional<Interval> known) {

    /** Whether it was measured, where anything is asked. */
    public boolean isTold() {
        return measured > 0;
    }

    /**
     * What was measured, and of how much that was allowed, such as {@code 0.6 MB of 2 MB}; empty where it is not told and nothing was asked.
     *
     * @param format of a figure in the unit of its measure
     */
    public Optional<String> told(LongFunction<String> format) {
        return isTold()
            ? Optional.of(format.apply(measured) + asked.map(bound -> " of " + format.apply(bound)).orElse(""))
            : asked.map(bound -> "not told, of " + format.apply(bound));
    }

    /**
     * What was predicted, and where 95 of 100 measurements should lie, such as {@code 0.6 MB (0.5 MB to 0.7 MB)}; empty where that is not known.
     *
     * @param format of a figure in the unit of its measure
     */
    public Optional<String> foretold(LongFunction<String> format) {
        return predicted.map(value -> format.apply(value)
            + expected.map(interval -> " (" + format.apply(interval.low()) + " to " + format.apply(interval.high()) + ")").orElse(""));
    }

    /** Whether what is asked holds as measured; of what nobody could tell, that is not known, and it does not. */
    public boolean holds() {
        return asked.map(bound -> isTold() && measured <= bound).orElse(true);
    }

    /** Whether what was measured is more than what is asked. */
    public boolean misses() {
        return asked.map(bound -> isTold() && measured > bound).orElse(false);
    }

    /** Whether the measurement lies where it was expected; empty where either is not known. */
    public Optional<Boolean> inside() {
        return expected.filter(interval -> isTold()).map(interval -> interval.contains(measured));
    }

    /**
     * Whether the measurement lies farther out than chance explains.
     *
     * @param widening of the expected interval: what makes it cover so much that all of several comparisons hold together
     */
    public boolean deviates(double widening) {
        return predicted.isPresent() && expected.filter(interval -> isTold()).map(interval -> {
            long reach = measured < predicted.get() ? predicted.get() - interval.low() : interval.high() - predicted.get();
            return Math.abs(measured - predicted.get()) > widening * reach;
        }).orElse(false);
    }

    /** How far the prediction was off, relative to the measurement; empty where either is not known. */
    public Optional<Double> relativeError() {
        return predicted.filter(nanos -> isTold()).map(nanos -> (nanos - measured) / (double) measured);
    }
}

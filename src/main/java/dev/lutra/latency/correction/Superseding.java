package dev.lutra.latency.correction;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * Whether networks that were measured to verify predictions say that what was measured before no longer holds: they predict each other, each
 * left out in turn, at least twice as well as the older ones predict them.
 */
final class Superseding {

    private static final int FEWEST = 3;
    private static final double TWICE_AS_WELL = 2;

    private Superseding() {}

    /**
     * The networks that hold.
     *
     * @param error of predicting a network, the second, by others
     * @return the verified ones, or all
     */
    static <T> List<T> current(List<T> all, Predicate<T> isVerified, BiFunction<List<T>, T, Double> error) {
        List<T> verified = all.stream().filter(isVerified).toList();
        List<T> older = all.stream().filter(isVerified.negate()).toList();
        if (verified.size() < FEWEST || older.isEmpty()) {
            return all;
        }
        double byOlder = 0;
        double byEachOther = 0;
        for (T one : verified) {
            byOlder += Math.pow(error.apply(older, one), 2);
            byEachOther += Math.pow(error.apply(verified.stream().filter(other -> other != one).toList(), one), 2);
        }
        return byEachOther < byOlder / (TWICE_AS_WELL * TWICE_AS_WELL) ? verified : all;
    }
}

package dev.lutra.agent.sentinel;

import java.util.DoubleSummaryStatistics;
import java.util.List;

/** What the sentinels say of the machine's speed at a slice. */
public record Speed(NearbyReadings core, NearbyReadings memory) {

    /**
     * One sentinel's readings before and after the slice, as logarithms of nanoseconds.
     *
     * @param level their mean
     * @param slowest the slower one
     */
    public record NearbyReadings(double level, double slowest) {

        public static NearbyReadings steady(double level) {
            return new NearbyReadings(level, level);
        }
    }

    /** Where there are no sentinels, all levels are those of one nanosecond, the reference too. */
    public static final Speed UNKNOWN = new Speed(NearbyReadings.steady(0), NearbyReadings.steady(0));

    /** By how much this is slower than another speed, at the slowest, relative. */
    public double slowerThan(Speed other) {
        return Math.expm1(Math.max(core.slowest - other.core.level, memory.slowest - other.memory.level));
    }

    /**
     * @param core the readings before and after the slice, or the only one of them that there is
     * @param memory as {@code core}
     */
    public static Speed between(List<Reading> core, List<Reading> memory) {
        return new Speed(nearby(core), nearby(memory));
    }

    private static NearbyReadings nearby(List<Reading> next) {
        DoubleSummaryStatistics logs = next.stream().mapToDouble(reading -> Math.log(reading.levelNanos())).summaryStatistics();
        return new NearbyReadings(logs.getAverage(), logs.getMax());
    }
}

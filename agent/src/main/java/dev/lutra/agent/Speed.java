package dev.lutra.agent;

import java.util.DoubleSummaryStatistics;
import java.util.List;

/** What the sentinels say of the machine's speed at a slice. */
record Speed(Around core, Around memory) {

    /**
     * One sentinel's readings before and after the slice, as logarithms of nanoseconds.
     *
     * @param level their mean
     * @param slowest the slower one
     */
    record Around(double level, double slowest) {

        static Around steady(double level) {
            return new Around(level, level);
        }
    }

    /** Where there are no sentinels, all levels are those of one nanosecond, the reference too. */
    static final Speed UNKNOWN = new Speed(Around.steady(0), Around.steady(0));

    /** By how much this is slower than another speed, at the slowest, relative. */
    double slowerThan(Speed other) {
        return Math.expm1(Math.max(core.slowest - other.core.level, memory.slowest - other.memory.level));
    }

    /**
     * @param core the readings before and after the slice, or the only one of them that there is
     * @param memory as {@code core}
     */
    static Speed between(List<Reading> core, List<Reading> memory) {
        return new Speed(around(core), around(memory));
    }

    private static Around around(List<Reading> next) {
        DoubleSummaryStatistics logs = next.stream().mapToDouble(reading -> Math.log(reading.levelNanos())).summaryStatistics();
        return new Around(logs.getAverage(), logs.getMax());
    }
}

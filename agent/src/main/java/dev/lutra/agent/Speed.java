package dev.lutra.agent;

import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.Function;

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

    /** @param next the readings before and after the slice, or the only one of them that there is */
    static Speed between(List<SpeedReading> next) {
        return new Speed(around(next, SpeedReading::core), around(next, SpeedReading::memory));
    }

    private static Around around(List<SpeedReading> next, Function<SpeedReading, Reading> which) {
        DoubleSummaryStatistics logs = next.stream()
                .mapToDouble(reading -> Math.log(which.apply(reading).levelNanos())).summaryStatistics();
        return new Around(logs.getAverage(), logs.getMax());
    }
}

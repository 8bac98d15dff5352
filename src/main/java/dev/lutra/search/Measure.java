package dev.lutra.search;

import dev.lutra.measure.MeasureKinds;
import dev.lutra.measure.Unit;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Names of the figures that architectures are compared by, and how files and people are given their values. The set is open: a
 * {@link dev.lutra.measure.MeasureKind kind of measure} or a table's column may add any name.
 */
public final class Measure {

    /** Fraction of images classified right, 0 to 1; more is better. */
    public static final String ACCURACY = "accuracy";

    /** Of a candidate whose judging was stopped, how many images were asked: its accuracy is of these. */
    public static final String STOPPED_AFTER = "stopped-after";

    /** Of such a candidate, what its accuracy on all images hardly exceeds. */
    public static final String ACCURACY_AT_MOST = "accuracy-at-most";

    /** Multiply-accumulates for one image, rule K0. */
    public static final String MACS = "macs";

    /** Learned values. */
    public static final String PARAMS = "params";

    /** MACs and parameters against SPOS's published network, {@link dev.lutra.cost.NormalisedScore}; 2 is as large as it. */
    public static final String SCORE = "score";

    /** Median latency in nanoseconds, where there is one device only or none that is named. */
    public static final String LATENCY = "latency";

    /** Predicted median latency in nanoseconds on the target that takes longest. */
    public static final String WORST_LATENCY = "worst-latency";

    /** The latency in nanoseconds that one call in a hundred exceeds; always on a device that is named. */
    private static final String P99 = "p99";

    private static final String MEMORY = "memory";
    private static final String ENERGY = "energy";

    /** Measures that are told in a unit a million times the one that they are kept in, and what files and people call them. */
    private enum Scaled {
        TIME(LATENCY, true, true, "latency_ms", "ms"), TAIL(P99, false, true, "latency_p99_ms", "ms"), WORST(WORST_LATENCY, true, false,
            "worst_latency_ms", "ms"), PEAK(MEMORY, false, true, "memory_mb", "MB"), ENERGY_OF_CALL(ENERGY, false, true, "energy_mj", "mJ");

        private final String name;
        private final boolean isAlone;
        private final boolean isOnDevice;
        private final String column;
        private final String unit;

        /**
         * @param isAlone whether it may be of no device that is named
         * @param isOnDevice whether it may be of a device
         */
        Scaled(String name, boolean isAlone, boolean isOnDevice, String column, String unit) {
            this.name = name;
            this.isAlone = isAlone;
            this.isOnDevice = isOnDevice;
            this.column = column;
            this.unit = unit;
        }

        private boolean is(String text, String ownName) {
            return isAlone && text.equals(ownName) || isOnDevice && text.startsWith(ownName + ":");
        }

        static Optional<Scaled> of(String measure) {
            return Stream.of(values()).filter(kind -> kind.is(measure, kind.name)).findFirst();
        }

        static Optional<Scaled> ofColumn(String column) {
            return Stream.of(values()).filter(kind -> kind.is(column, kind.column)).findFirst();
        }

        boolean isTime() {
            return unit.equals("ms");
        }
    }

    private static final int DIGITS = 6;
    private static final double MOST = 1e15; // eleven days, a petabyte, a megajoule
    private static final MathContext READABLE = new MathContext(4);

    private Measure() {}

    /** Predicted median latency on a device, in nanoseconds. */
    public static String latency(String device) {
        return LATENCY + ":" + device;
    }

    /** Predicted 99th percentile of the latency on a device, in nanoseconds. */
    public static String p99(String device) {
        return P99 + ":" + device;
    }

    /** Predicted peak memory on a device, in bytes. */
    public static String memory(String device) {
        return MEMORY + ":" + device;
    }

    /** Predicted energy of one call on a device, in nanojoules. */
    public static String energy(String device) {
        return ENERGY + ":" + device;
    }

    /** Whether a measure is a time, in nanoseconds. */
    public static boolean isLatency(String measure) {
        return Scaled.of(measure).map(Scaled::isTime).orElse(false);
    }

    /** Whether a measure is shown in a unit a million times the one that it is kept in: times, memory, energy. */
    public static boolean isScaled(String measure) {
        return Scaled.of(measure).isPresent();
    }

    /** Whether a measure counts things, often millions of them. */
    public static boolean isCount(String measure) {
        return MeasureKinds.find(measure).map(kind -> kind.unit() == Unit.COUNT).orElse(false);
    }

    /** Whether a measure is the median latency on a device that is named. */
    static boolean isOnDevice(String measure) {
        return measure.startsWith(LATENCY + ":");
    }

    /** The measure's name in a file; what is stored in milliseconds, megabytes or millijoules says so. */
    public static String column(String measure) {
        return Scaled.of(measure).map(kind -> kind.column + measure.substring(kind.name.length())).orElse(measure);
    }

    /** The measure that a column of a file holds. A column {@code latency} without a unit is in milliseconds too. */
    static String ofColumn(String column) {
        return Scaled.ofColumn(column).map(kind -> kind.name + column.substring(kind.column.length())).orElse(column);
    }

    /** A value in its column's unit, exactly; whole numbers without a decimal point. */
    public static BigDecimal toColumn(String measure, double value) {
        BigDecimal exact = new BigDecimal(Double.toString(value));
        BigDecimal inUnit = (isScaled(measure) ? exact.movePointLeft(DIGITS) : exact).stripTrailingZeros();
        return inUnit.scale() < 0 ? inUnit.setScale(0) : inUnit;
    }

    /** The value of a cell. */
    static double fromColumn(String measure, BigDecimal cell) {
        return isScaled(measure) ? shifted(cell, DIGITS) : cell.doubleValue();
    }

    /** A decimal times a power of ten, without writing out the zeros of one such as {@code 1e999999999}, which is infinite. */
    static double shifted(BigDecimal cell, int digits) {
        return Math.abs((long) cell.scale()) > Double.MAX_EXPONENT
            ? cell.doubleValue() * Math.pow(10, digits)
            : cell.scaleByPowerOfTen(digits).doubleValue();
    }

    /** What a measure's value should have been; empty if it can be one. */
    static Optional<String> expectation(String measure, double value) {
        if (measure.equals(ACCURACY)) {
            String percent = value > 1 && value <= 100 ? "; of percents the experiment says 'unit: percent'" : "";
            return value >= 0 && value <= 1 ? Optional.empty() : Optional.of("a fraction from 0 to 1" + percent);
        }
        Optional<Scaled> scaled = Scaled.of(measure);
        if (scaled.isPresent()) {
            return value > 0 && value <= MOST
                ? Optional.empty()
                : Optional.of(scaled.get().isTime()
                    ? "milliseconds, more than 0"
                    : scaled.get().unit + ", more than 0");
        }
        if (measure.equals(MACS) || measure.equals(PARAMS) || measure.equals(SCORE)) {
            return value >= 0 && Double.isFinite(value) ? Optional.empty() : Optional.of("a number of at least 0");
        }
        return Double.isFinite(value) ? Optional.empty() : Optional.of("a number");
    }

    /** A value for people, to four digits: {@code 3.197M}, {@code 2.93 ms}, {@code 12.5 MB}. */
    public static String format(String measure, double value, RoundingMode rounding) {
        BigDecimal exact = new BigDecimal(Double.toString(value));
        Optional<Scaled> scaled = Scaled.of(measure);
        if (scaled.isPresent()) {
            return rounded(exact.movePointLeft(DIGITS), rounding) + " " + scaled.get().unit;
        }
        double size = Math.abs(value);
        if (size >= 1e9) {
            return rounded(exact.movePointLeft(9), rounding) + "G";
        }
        if (size >= 1e6) {
            return rounded(exact.movePointLeft(6), rounding) + "M";
        }
        return size >= 1e4 ? rounded(exact.movePointLeft(3), rounding) + "k" : rounded(exact, rounding);
    }

    private static String rounded(BigDecimal value, RoundingMode rounding) {
        BigDecimal shown = rounding == RoundingMode.UNNECESSARY
            ? value
            : value.round(new MathContext(READABLE.getPrecision(), rounding));
        return shown.signum() == 0 ? "0" : shown.stripTrailingZeros().toPlainString();
    }
}

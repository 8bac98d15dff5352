package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.space.GeneSpace;
import java.nio.file.Path;

/**
 * A CSV file of known accuracies.
 *
 * @param path of the file
 * @param column that holds them
 * @param unit that they are in
 */
public record AccuracyFile(Path path, String column, Unit unit) {

    /** The column, unless it is said otherwise. */
    public static final String COLUMN = Measure.ACCURACY;

    private static final int PERCENT_DIGITS = 2;

    /** How accuracies are written. */
    public enum Unit {

        /** From 0 to 1. */
        SHARE(0),

        /** From 0 to 100. */
        PERCENT(PERCENT_DIGITS);

        private final int digits;

        Unit(int digits) {
            this.digits = digits;
        }

        /** What 1 of it is as a share: 1 or 0.01. */
        public double share() {
            return this == PERCENT ? 0.01 : 1;
        }

        /** By how many digits a share stands further left. */
        int digits() {
            return digits;
        }
    }

    /** A file as most are. */
    public static AccuracyFile of(Path path) {
        return new AccuracyFile(path, COLUMN, Unit.SHARE);
    }

    /** Whether column and unit are what they are in most files. */
    public boolean isUsual() {
        return equals(of(path));
    }

    /**
     * Reads the file.
     *
     * @throws InputException naming the file and the line, if it is not such a table of this space
     */
    public AccuracyTable load(GeneSpace space) {
        return new AccuracyTable(this, space);
    }
}

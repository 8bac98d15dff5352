package dev.lutra.agent;

/**
 * What the sentinel says of the machine's speed at a slice. Levels are logarithms of nanoseconds.
 *
 * @param round number of the round, the same for all its slices
 * @param roundLevel the mean of all readings of the round
 * @param roundNoise the variance of that, by how much successive readings differ
 * @param level the mean of the readings before and after the slice
 * @param step by how much those two differ
 */
record Speed(int round, double roundLevel, double roundNoise, double level, double step) {

    /** Where there is no sentinel, every level is that of one nanosecond. */
    static final Speed UNKNOWN = new Speed(0, 0, 0, 0, 0);

    /** By how much the machine was slower at the slice than over its round. */
    double withinRound() {
        return level - roundLevel;
    }
}

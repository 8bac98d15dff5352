package dev.lutra.supernet.evaluation;

import java.util.Arrays;

/** How large the values are that come to one place: the extremes, and a histogram of magnitudes whose range grows as they do. */
final class Magnitudes {

    static final int BINS = 2048;
    /** Places to cut at that are tried. */
    private static final int CUTS = 256;

    /** What stands for none where a logarithm needs some. */
    private static final double HALF_A_VALUE = 0.5;

    private final long[] counts = new long[BINS];
    private double width;
    private double least;
    private double most;

    void add(float[] values) {
        for (float value : values) {
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        double largest = Math.max(most, -least);
        if (largest == 0) {
            return;
        }
        if (width == 0) {
            width = largest / BINS;
        }
        while (largest > width * BINS) {
            widen();
        }
        for (float value : values) {
            if (value != 0) { // rectified: no grid is finer for them
                counts[Math.min(BINS - 1, (int) (Math.abs(value) / width))]++;
            }
        }
    }

    private void widen() {
        for (int bin = 0; bin < BINS / 2; bin++) {
            counts[bin] = counts[2 * bin] + counts[2 * bin + 1];
        }
        Arrays.fill(counts, BINS / 2, BINS, 0);
        width *= 2;
    }

    double least() {
        return least;
    }

    double most() {
        return most;
    }

    /** The magnitude that a share of the values that are not zero does not exceed, to the width of a bin. */
    double quantile(double share) {
        long all = Arrays.stream(counts).sum();
        long seen = 0;
        for (int bin = 0; bin < BINS; bin++) {
            seen += counts[bin];
            if (seen >= share * all) {
                return (bin + 1) * width;
            }
        }
        return BINS * width;
    }

    /**
     * The magnitude to cut at so that as little as possible is lost of what the histogram tells, by the Kullback-Leibler divergence of the
     * cut and rounded histogram (Migacz 2017, 8-bit Inference with TensorRT).
     *
     * @param levels points of the grid above zero
     */
    double leastLoss(int levels) {
        double best = Double.POSITIVE_INFINITY;
        int cut = BINS;
        long[] fromTheEnd = new long[BINS + 1];
        for (int bin = BINS - 1; bin >= 0; bin--) {
            fromTheEnd[bin] = fromTheEnd[bin + 1] + counts[bin];
        }
        for (int bins = Math.min(BINS, levels); bins <= BINS; bins++) {
            double divergence = divergence(bins, levels, fromTheEnd);
            if (divergence < best) {
                best = divergence;
                cut = bins;
            }
        }
        return cut * width;
    }

    /**
     * The magnitude to cut at so that rounding moves the values least, by the mean square: cutting at less makes the grid finer and moves
     * what lies beyond.
     *
     * @param levels points of the grid above zero
     */
    double leastError(int levels) {
        double best = Double.POSITIVE_INFINITY;
        int cut = BINS;
        for (int bins = BINS; bins > 0; bins -= BINS / CUTS) {
            double error = error(bins * width / levels, levels);
            if (error < best) {
                best = error;
                cut = bins;
            }
        }
        return cut * width;
    }

    /** The sum of squares by which a grid moves values that lie in the middle of their bins. */
    private double error(double step, int levels) {
        double error = 0;
        for (int bin = 0; bin < BINS; bin++) {
            if (counts[bin] > 0) {
                double value = (bin + HALF_A_VALUE) * width;
                double moved = value - Math.min(levels, Math.rint(value / step)) * step;
                error += counts[bin] * moved * moved;
            }
        }
        return error;
    }

    /** Of the first bins with all beyond in the last of them, from the same in so many levels. */
    private double divergence(int bins, int levels, long[] fromTheEnd) {
        double all = fromTheEnd[0];
        double rounded = fromTheEnd[0] - fromTheEnd[bins];
        double divergence = 0;
        for (int level = 0; level < levels; level++) {
            int start = (int) ((long) level * bins / levels);
            int end = (int) ((long) (level + 1) * bins / levels);
            long sum = 0;
            int filled = 0;
            for (int bin = start; bin < end; bin++) {
                sum += counts[bin];
                filled += counts[bin] > 0 ? 1 : 0;
            }
            for (int bin = start; bin < end; bin++) {
                double there = counts[bin] + (bin == bins - 1 ? fromTheEnd[bins] : 0);
                if (there > 0) {
                    double kept = counts[bin] > 0 ? sum / (double) filled / rounded : HALF_A_VALUE / all; // only what lies beyond is there
                    divergence += there / all * Math.log(there / all / kept);
                }
            }
        }
        return divergence;
    }
}

package dev.lutra.lowering;

/**
 * The grids that weights are rounded to: of every output channel its own, the same number of points on both sides of zero. A step is LSQ's
 * first value for such weights, 2·mean / √most of their magnitudes (Esser et al. 2020, 2.1), unless a finer grid reaches the largest.
 */
final class WeightGrid {

    private WeightGrid() {}

    /** The greatest point of a grid, in steps. */
    static int most(int bits) {
        return (1 << bits - 1) - 1;
    }

    /**
     * The step of every channel; 1 where all its weights are zero.
     *
     * @param weights row-major, output channels first
     */
    static float[] steps(float[] weights, int channels, int bits) {
        int most = most(bits);
        int perChannel = weights.length / channels;
        float[] steps = new float[channels];
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            double largest = 0;
            for (int i = c * perChannel; i < (c + 1) * perChannel; i++) {
                sum += Math.abs(weights[i]);
                largest = Math.max(largest, Math.abs(weights[i]));
            }
            steps[c] = (float) Math.min(largest / most, 2 * sum / perChannel / Math.sqrt(most));
            if (steps[c] == 0) {
                steps[c] = 1;
            }
        }
        return steps;
    }

    /** Puts every weight on the nearest point of its channel's grid, of two equally near ones the even. */
    static void round(float[] weights, float[] steps, int bits) {
        int perChannel = weights.length / steps.length;
        for (int i = 0; i < weights.length; i++) {
            float step = steps[i / perChannel];
            weights[i] = (float) Math.max(-most(bits), Math.min(most(bits), Math.rint(weights[i] / step))) * step;
        }
    }
}

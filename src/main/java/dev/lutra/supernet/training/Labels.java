package dev.lutra.supernet.training;

import java.util.Arrays;

/**
 * The classes of a batch's images, each of one or, where images were mixed, of two.
 *
 * @param own class of each image
 * @param other class of the image that was mixed into it
 * @param share of its own class, 0 to 1; the rest is the other's
 */
record Labels(int[] own, int[] other, double share) {

    /** Of images as they are. */
    static Labels of(int[] labels) {
        return new Labels(labels, labels, 1);
    }

    int size() {
        return own.length;
    }

    /**
     * What the logarithms of a network's answers are multiplied by so that their sum is the mean cross entropy, row-major: images, then
     * classes.
     *
     * @param smoothing share of the target that is spread over all classes
     * @param factor that all of it is multiplied by
     */
    float[] negatedTargets(int classes, double smoothing, double factor) {
        float[] targets = new float[own.length * classes];
        Arrays.fill(targets, (float) (-factor * smoothing / classes / own.length));
        for (int i = 0; i < own.length; i++) {
            targets[i * classes + own[i]] -= (float) (factor * (1 - smoothing) * share / own.length);
            if (share < 1) {
                targets[i * classes + other[i]] -= (float) (factor * (1 - smoothing) * (1 - share) / own.length);
            }
        }
        return targets;
    }
}

package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.Shape;
import dev.lutra.data.Shown;
import java.util.Arrays;

/**
 * What is to be answered to the images of a batch: of each one choice among its classes or, where it may show several, of each and every
 * class a choice between yes and no. Where images were mixed, an answer is of two choices.
 *
 * @param own choice of each question: a class, or 0 for yes and 1 for no
 * @param other that of the image that was mixed into it
 * @param share of its own choice, 0 to 1; the rest is the other's
 * @param several whether every class of an image is a question by itself
 */
record Labels(int[] own, int[] other, double share, boolean several) {

    /** Of images as they are. */
    static Labels of(Shown shown) {
        int[] own = choices(shown);
        return new Labels(own, own, 1, shown instanceof Shown.Several);
    }

    /**
     * Of images that are mixed.
     *
     * @param share of each image itself
     * @param partners the image that the rest is of, for each image
     */
    static Labels mixed(Shown shown, double share, int[] partners) {
        return new Labels(choices(shown), choices(shown.of(partners)), share, shown instanceof Shown.Several);
    }

    private static int[] choices(Shown shown) {
        if (shown instanceof Shown.One one) {
            return one.labels();
        }
        Shown.Several all = (Shown.Several) shown;
        int[] choices = new int[all.size() * all.classes()];
        Arrays.fill(choices, 1);
        for (int image = 0; image < all.size(); image++) {
            for (int label : all.labels()[image]) {
                choices[image * all.classes() + label] = 0;
            }
        }
        return choices;
    }

    /** Number of questions. */
    int size() {
        return own.length;
    }

    /**
     * Outputs as one row a question, of whose softmax the answer is learned. The softmax of an output beside 0 is its sigmoid, so that the mean
     * cross entropy over these rows is the mean binary cross entropy.
     *
     * @param logits images × classes
     */
    NDArray rows(NDArray logits) {
        if (!several) {
            return logits;
        }
        NDArray yes = logits.reshape(new Shape(logits.size(), 1));
        return NDArrays.concat(new NDList(yes, logits.getManager().zeros(yes.getShape(), yes.getDataType())), 1);
    }

    /**
     * What the logarithms of a network's answers are multiplied by so that their sum is the mean cross entropy, row-major: questions, then
     * choices.
     *
     * @param choices of a question
     * @param smoothing share of the target that is spread over all choices
     * @param factor that all of it is multiplied by
     */
    float[] negatedTargets(int choices, double smoothing, double factor) {
        float[] targets = new float[own.length * choices];
        Arrays.fill(targets, (float) (-factor * smoothing / choices / own.length));
        for (int i = 0; i < own.length; i++) {
            targets[i * choices + own[i]] -= (float) (factor * (1 - smoothing) * share / own.length);
            if (share < 1) {
                targets[i * choices + other[i]] -= (float) (factor * (1 - smoothing) * (1 - share) / own.length);
            }
        }
        return targets;
    }
}

package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Mean cross entropy against the labels, of which a share is spread evenly over all classes (Szegedy et al. 2016).
 *
 * @param smoothing the share, 0 to below 1
 */
record LabelLoss(double smoothing) implements Loss {

    @Override
    public NDArray of(Answers answers) {
        return of(answers.logits(), answers.labels(), 1);
    }

    /**
     * A multiple of it.
     *
     * @param logits images × classes
     */
    NDArray of(NDArray logits, int[] labels, double factor) {
        int classes = (int) logits.getShape().get(1);
        float[] targets = new float[labels.length * classes];
        // divided by the batch here, so that a plain sum is the mean
        Arrays.fill(targets, (float) (-factor * smoothing / classes / labels.length));
        for (int i = 0; i < labels.length; i++) {
            targets[i * classes + labels[i]] -= (float) (factor * (1 - smoothing) / labels.length);
        }
        NDArray target = logits.getManager().create(targets, new Shape(labels.length, classes));
        return logits.logSoftmax(1).mul(target).sum();
    }
}

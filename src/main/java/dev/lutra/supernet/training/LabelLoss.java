package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/**
 * Mean cross entropy against the labels, of which a share is spread evenly over all classes (Szegedy et al. 2016); where images may show
 * several classes mean binary cross entropy, of whose targets a share is ½.
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
    NDArray of(NDArray logits, Labels labels, double factor) {
        NDArray rows = labels.rows(logits);
        int choices = (int) rows.getShape().get(1);
        float[] targets = labels.negatedTargets(choices, smoothing, factor);
        NDArray target = logits.getManager().create(targets, new Shape(labels.size(), choices));
        return rows.logSoftmax(1).mul(target).sum();
    }
}

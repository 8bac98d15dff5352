package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.lutra.ImageSize;
import dev.lutra.supernet.Teacher;

/**
 * Part of a loss is the cross entropy against what a teacher answers to the same images (Hinton et al. 2015).
 *
 * @param labels of which the share is learned that is left
 * @param teacher whose answers are learned
 * @param share of its answers, above 0 to 1
 * @param temperature that both answers are divided by
 */
record TaughtLoss(LabelLoss labels, Teacher teacher, double share, double temperature) implements Loss {

    @Override
    public NDArray of(Answers answers) {
        NDArray logits = answers.logits();
        Shape shape = answers.images().getShape();
        NDArray taught = logits.getManager().create(
            teacher.logits(answers.images().toFloatArray(), (int) shape.get(0), new ImageSize((int) shape.get(2), (int) shape.get(3))),
            logits.getShape());
        NDArray soft = DistillationLoss.soft(answers.labels().rows(logits), answers.labels().rows(taught), share, temperature);
        return share == 1 ? soft : soft.add(labels.of(logits, answers.labels(), 1 - share));
    }
}

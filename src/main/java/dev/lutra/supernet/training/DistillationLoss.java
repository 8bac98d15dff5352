package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;

/**
 * In-place distillation (Yu and Huang 2019; Yu et al. 2020, BigNAS): the first path of a step learns the labels, and every other
 * learns what the first one answers, by the cross entropy between both, times the temperature squared so that its gradient is as
 * large at any (Hinton et al. 2015).
 *
 * @param labels what the first path lowers, and of the others the share that is left
 * @param share of what the first path answers in the loss of the others, above 0 to 1
 * @param temperature that both answers are divided by
 */
record DistillationLoss(LabelLoss labels, double share, double temperature) implements Loss {

    @Override
    public NDArray of(Answers answers) {
        if (answers.earlier().isEmpty()) {
            return labels.of(answers);
        }
        NDArray logits = answers.logits();
        NDArray soft = soft(answers.labels().rows(logits), answers.labels().rows(answers.earlier().get(0).logits()), share, temperature);
        return share == 1 ? soft : soft.add(labels.of(logits, answers.labels(), 1 - share));
    }

    /** A share of the mean cross entropy between answers at a temperature, times its square; no gradient passes to the teacher. */
    static NDArray soft(NDArray logits, NDArray teacher, double share, double temperature) {
        double factor = -share * temperature * temperature / logits.getShape().get(0);
        NDArray targets = teacher.div(temperature).softmax(1).mul(factor);
        return logits.mul(logits.getManager().create((float) (1 / temperature))).logSoftmax(1).mul(targets).sum();
    }
}

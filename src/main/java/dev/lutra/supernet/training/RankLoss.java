package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import dev.lutra.cost.Cost;

/**
 * Adds what a path's loss is on the wrong side of an earlier path's, where of two paths the one with more MACs is to have the
 * lower loss (Dong et al. 2022, PGONAS, third of the supernet track of CVPR 2022's NAS competition, and its released code). The
 * earlier one does not move; of several the mean is taken.
 *
 * @param path what every path lowers by itself
 * @param labels what paths are compared by
 * @param weight the highest; it is this times sin(0.8 π t) after a share t of the training, as in the released code
 */
record RankLoss(Loss path, LabelLoss labels, double weight) implements Loss {

    private static final double RAMP = 0.8 * Math.PI;

    @Override
    public NDArray of(Answers answers) {
        NDArray alone = path.of(answers);
        double each = weight * Math.sin(RAMP * answers.progress()) / answers.earlier().size();
        if (answers.earlier().isEmpty() || each == 0) {
            return alone;
        }
        NDArray own = labels.of(answers);
        double loss = own.getFloat();
        long macs = Cost.of(answers.path()).macs();
        double factor = 0;
        double constant = 0;
        for (Earlier earlier : answers.earlier()) {
            double other = labels.of(earlier.logits(), answers.labels(), 1).getFloat();
            int larger = Long.compare(macs, Cost.of(earlier.path()).macs());
            if (larger * (loss - other) > 0) {
                factor += larger * each;
                constant -= larger * each * other;
            }
        }
        return factor == 0 && constant == 0
            ? alone
            : alone.add(own.mul(own.getManager().create((float) factor))).add(own.getManager().create((float) constant));
    }
}

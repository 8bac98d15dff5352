package dev.lutra.network;

import java.util.List;

/**
 * A tensor that all networks of a space share, at its largest extent.
 *
 * @param name unique in the space, scope by scope: {@code layer3.k5.expand.weight}
 * @param dims extents; a convolution has out, in per group, kernel, kernel
 * @param role what it is for, which decides its first values and its weight decay
 */
public record SharedTensor(String name, List<Integer> dims, Role role) {

    /** What a tensor is for. */
    public enum Role {
        CONV_WEIGHT, LINEAR_WEIGHT, BIAS, NORM_SCALE, NORM_SHIFT, RUNNING_MEAN, RUNNING_VARIANCE,
        /** The distance of a grid's points, in parts of {@link Op.Quantize#unitStep()}; of weights on grids in numbers. */
        STEP;

        /** Whether the tensor is learned by gradient descent; running statistics are not. */
        public boolean isParameter() {
            return this != RUNNING_MEAN && this != RUNNING_VARIANCE;
        }

        /** Whether publications count it among the parameters: steps of grids they do not. */
        public boolean isCounted() {
            return isParameter() && this != STEP;
        }

        /** Whether weight decay applies: weights yes; biases and batch-norm parameters no (SPOS §1.4). */
        public boolean decays() {
            return this == CONV_WEIGHT || this == LINEAR_WEIGHT;
        }
    }

    public SharedTensor {
        dims = List.copyOf(dims);
        double values = 1;
        for (int extent : dims) {
            values *= extent;
        }
        if (values > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(name + ": " + dims + " (expected: fewer than 2^31 values)");
        }
    }

    public long elements() {
        return dims.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }
}

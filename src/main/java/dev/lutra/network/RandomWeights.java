package dev.lutra.network;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * First values of weights. A tensor's values depend on the seed and its name only, so the order in which tensors are
 * met does not matter.
 *
 * <p>Convolutions are normal with deviation √(2 / fan-out) (He et al. 2015), linear weights normal with deviation 0.01,
 * biases 0, batch norm the identity, steps of grids those for values of variance 1. SPOS's own first values (deviation 1 / fan-in of a group) make depthwise kernels
 * of deviation 1, which trains badly in few epochs; ours is the choice of most later code.
 *
 * @param seed of the experiment
 */
public record RandomWeights(long seed) implements WeightSource {

    @Override
    public float[] read(Weight weight) {
        return weight.cut(read(weight.tensor()));
    }

    /** All values of a shared tensor. */
    public float[] read(SharedTensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.elements())];
        switch (tensor.role()) {
            case CONV_WEIGHT -> fill(values, tensor.name(), deviation(tensor.dims()));
            case LINEAR_WEIGHT -> fill(values, tensor.name(), 0.01);
            case NORM_SCALE, RUNNING_VARIANCE, STEP -> Arrays.fill(values, 1);
            case BIAS, NORM_SHIFT, RUNNING_MEAN -> {
            }
        }
        return values;
    }

    /** Standard deviation of a convolution's first values; {@code dims} are out, in per group, kernel, kernel. */
    public static double deviation(List<Integer> dims) {
        // a depthwise kernel feeds one output channel, a dense one all of them
        double fanOut = (double) (dims.get(1) == 1 ? 1 : dims.get(0)) * dims.get(2) * dims.get(3);
        return Math.sqrt(2 / fanOut);
    }

    private void fill(float[] values, String name, double deviation) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + name.hashCode());
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
    }
}

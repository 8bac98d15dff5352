package dev.lutra.onnx;

import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.List;
import java.util.SplittableRandom;

/** Weights as after training: nothing is zero or one, least of all the running statistics. Values keep their magnitude. */
public record TrainedWeights(long seed) implements WeightSource {

    @Override
    public float[] read(Weight weight) {
        return weight.cut(read(weight.tensor())).clone();
    }

    private float[] read(SharedTensor tensor) {
        SplittableRandom random = new SplittableRandom(seed * 31 + tensor.name().hashCode());
        List<Integer> dims = tensor.dims();
        double fanIn = (double) tensor.elements() / dims.get(0);
        float[] values = new float[Math.toIntExact(tensor.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) switch (tensor.role()) {
                case CONV_WEIGHT, LINEAR_WEIGHT -> random.nextGaussian() * Math.sqrt(2 / fanIn);
                case BIAS, NORM_SHIFT, RUNNING_MEAN -> random.nextGaussian() * 0.5;
                case NORM_SCALE -> (random.nextInt(8) == 0 ? -1 : 1) * random.nextDouble(0.5, 1.5);
                case STEP -> random.nextDouble(0.5, 2);
                case RUNNING_VARIANCE -> random.nextDouble(0.2, 3);
            };
        }
        return values;
    }
}

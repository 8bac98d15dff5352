package dev.lutra.lowering;

import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights of few bits on the grids that they are rounded to in training, with the steps of these beside them. A grid's step grows with the
 * channel's weights and its points lie alike on both sides of zero, so that folding batch norm before this changes nothing.
 */
public final class WeightRounding implements Lowering {

    /** A bias is counted in products of both steps, in 32 bits: what is less than this part of it cannot be told beside it. */
    private static final double FINEST = 0x1p-23; // a step is stored as up to 127

    /** A layer's weights before, with all that their grid follows from. */
    private record Rounded(Weight weight, Optional<Weight> bias, Bits bits, Optional<Op.Quantize> input) {

        boolean countsBias() {
            return bias.isPresent() && input.isPresent();
        }

        double inputStep(WeightSource weights) {
            Op.Quantize grid = input.orElseThrow();
            return (float) (grid.unitStep() * weights.read(grid.step())[0]);
        }
    }

    @Override
    public LoweredNetwork apply(LoweredNetwork before) {
        Map<Value, Op.Quantize> grids = grids(before.network());
        Map<Weight, Rounded> weights = new HashMap<>();
        Map<Weight, Rounded> steps = new HashMap<>();
        Map<Weight, Rounded> biases = new HashMap<>();
        List<List<Op>> segments = before.network().segments().stream()
            .map(segment -> segment.ops().stream().map(op -> rounded(op, grids, weights, steps)).toList()).toList();
        weights.values().stream().filter(Rounded::countsBias).forEach(layer -> biases.put(layer.bias().orElseThrow(), layer));
        WeightSource source = weight -> {
            if (weights.containsKey(weight)) {
                Rounded layer = weights.get(weight);
                float[] values = before.weights().read(layer.weight()).clone();
                WeightGrid.round(values, steps(layer, before.weights()), layer.bits().weights());
                return values;
            }
            if (biases.containsKey(weight)) {
                return bias(biases.get(weight), before.weights());
            }
            return steps.containsKey(weight) ? steps(steps.get(weight), before.weights()) : before.weights().read(weight);
        };
        return new LoweredNetwork(before.network().withOps(segments), source, before.names(), before.precision());
    }

    private static Map<Value, Op.Quantize> grids(Network network) {
        Map<Value, Op.Quantize> grids = new HashMap<>();
        for (Op op : network.ops()) {
            if (op instanceof Op.Quantize quantize) {
                grids.put(op.output(), quantize);
            }
        }
        return grids;
    }

    private static Op rounded(Op op, Map<Value, Op.Quantize> grids, Map<Weight, Rounded> weights, Map<Weight, Rounded> steps) {
        if (op instanceof Op.Conv conv && isRounded(conv.bits())) {
            Weight own = own(conv.weight());
            Weight ownSteps = steps(conv.weight());
            Rounded layer = new Rounded(conv.weight(), conv.bias(), conv.bits(), Optional.ofNullable(grids.get(conv.input())));
            weights.put(own, layer);
            steps.put(ownSteps, layer);
            return conv.onGrid(own, ownSteps);
        }
        if (op instanceof Op.Linear linear && isRounded(linear.bits())) {
            Weight own = own(linear.weight());
            Weight ownSteps = steps(linear.weight());
            Rounded layer = new Rounded(linear.weight(), linear.bias(), linear.bits(), Optional.ofNullable(grids.get(linear.input())));
            weights.put(own, layer);
            steps.put(ownSteps, layer);
            return linear.onGrid(own, ownSteps);
        }
        return op;
    }

    private static boolean isRounded(Bits bits) {
        return bits.quantizesWeights();
    }

    private static Weight own(Weight weight) {
        return Weight.whole(new SharedTensor(weight.tensor().name(), weight.dims(), weight.tensor().role()));
    }

    private static Weight steps(Weight weight) {
        return Weight.whole(new SharedTensor(weight.tensor().name() + ".step", weight.dims().subList(0, 1), Role.STEP));
    }

    private static float[] steps(Rounded layer, WeightSource weights) {
        float[] steps = WeightGrid.steps(weights.read(layer.weight()), layer.weight().dims().get(0), layer.bits().weights());
        if (layer.countsBias()) {
            float[] bias = weights.read(layer.bias().orElseThrow());
            double inputStep = layer.inputStep(weights);
            for (int c = 0; c < steps.length; c++) {
                steps[c] = Math.max(steps[c], (float) (Math.abs(bias[c]) / inputStep * FINEST));
            }
        }
        return steps;
    }

    /** A bias in whole products of both steps, of which a step of few bits is stored as several. */
    private static float[] bias(Rounded layer, WeightSource weights) {
        float[] steps = steps(layer, weights);
        float[] bias = weights.read(layer.bias().orElseThrow()).clone();
        double inputStep = layer.inputStep(weights);
        for (int c = 0; c < bias.length; c++) {
            float product = (float) (steps[c] / layer.bits().bytesPerStep() * inputStep);
            bias[c] = Math.round((double) bias[c] / product) * product;
        }
        return bias;
    }
}

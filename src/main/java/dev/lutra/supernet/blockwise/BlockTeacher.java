package dev.lutra.supernet.blockwise;

import ai.djl.ndarray.NDArray;
import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The network that the stages of a space learn from: the one with the most MACs, as it is in use, with batch norm folded. Its weights stand
 * beside those that it teaches, under names that end in {@code @teacher}, and no step moves them.
 */
public final class BlockTeacher {

    private static final String SUFFIX = "@teacher";
    private static final Normalizer NONE = (op, x, scale, shift) -> {
        throw new IllegalStateException(op.name() + ": batch norm in a teacher (expected: folded)");
    };

    private final Architecture architecture;
    private final Network trained;
    private final Network used;
    private final Stages stages;
    private final Network stem;
    private final List<Network> parts;
    private final Network head;

    /**
     * The teacher in a space.
     *
     * @throws InputException if the space has no stages, or its largest network a batch norm that no convolution takes in
     */
    public BlockTeacher(SearchSpace space) {
        stages = Stages.of(space);
        architecture = Extremes.of(space, CountingRule.MACS).largest().architecture();
        trained = space.build(architecture);
        used = named(folded(trained, weight -> new float[0]).network());
        used.ops().stream().filter(Op.BatchNorm.class::isInstance).findFirst().ifPresent(norm -> {
            throw new InputException(space.name() + ": " + norm.name() + " follows no convolution (expected: batch norm right after one)");
        });
        stem = stages.stem(used);
        parts = stages.of(used);
        head = stages.head(used);
    }

    private static LoweredNetwork folded(Network network, WeightSource weights) {
        return new BatchNormFolding().apply(LoweredNetwork.of(network, weights));
    }

    private static Network named(Network network) {
        return network.withWeights(BlockTeacher::named);
    }

    /** All of a tensor of the teacher's own. */
    private static Weight named(Weight weight) {
        return Weight.whole(new SharedTensor(weight.tensor().name() + SUFFIX, weight.dims(), weight.tensor().role()));
    }

    /** Which network it is. */
    public Architecture architecture() {
        return architecture;
    }

    /** The network as it is trained. */
    public Network trained() {
        return trained;
    }

    public Stages stages() {
        return stages;
    }

    /** Whether weights have it. */
    public boolean isIn(SupernetWeights weights) {
        return used.ops().stream().flatMap(op -> op.weights().stream()).allMatch(weight -> weights.isLearned(weight.tensor()));
    }

    /**
     * From now on weights have it. What it teaches begins anew, but for the layers that belong to no stage, which stay as they are in it.
     *
     * @param alone its values as a network by itself, with the batch norm that it has in use
     */
    void enter(SupernetWeights weights, WeightSource alone) {
        Map<SharedTensor, float[]> values = new LinkedHashMap<>();
        LoweredNetwork folded = folded(trained, alone);
        folded.network().ops().stream().flatMap(op -> op.weights().stream())
            .forEach(weight -> values.put(named(weight).tensor(), folded.weights().read(weight)));
        for (Network outside : List.of(stages.stem(trained), stages.head(trained))) {
            outside.ops().stream().flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter())
                .forEach(weight -> weight.paste(alone.read(weight), values.computeIfAbsent(weight.tensor(), weights::first)));
        }
        weights.forget();
        values.forEach(weights::set);
    }

    /**
     * What it makes of images: what the first stage reads, and what each stage gives. No gradient passes.
     *
     * @param weights that have it
     * @return one more than there are stages, on the images' manager; the first may be the images themselves
     */
    public List<NDArray> features(Parameters weights, NDArray images) {
        List<NDArray> features = new ArrayList<>();
        features.add(stem.ops().isEmpty() ? images : Forward.inference(stem, weights, NONE, images));
        for (Network part : parts) {
            features.add(Forward.inference(part, weights, NONE, features.get(features.size() - 1)));
        }
        return features;
    }

    /** What it answers where its last stage gave this. */
    public NDArray logits(Parameters weights, NDArray last) {
        return Forward.inference(head, weights, NONE, last);
    }
}

package dev.lutra.supernet.training;

import dev.lutra.InputException;
import dev.lutra.data.augmentation.Augmentation;
import dev.lutra.data.augmentation.Augmentations;
import dev.lutra.identity.NamedValues;
import dev.lutra.supernet.StochasticDepth;
import dev.lutra.supernet.descent.LayerRates;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/**
 * What a training does besides going down the gradient, so that its networks get better.
 *
 * @param averaging decay of the mean of all values that weights have had, which is used in their place; 0 for none
 * @param augmentations of the images, after cropping and flipping, in order
 * @param mixup α of the share by which every image is mixed with another; 0 for none
 * @param stochasticDepth how often branches are left out, if they are
 * @param auxiliary weight of the loss of a second classifier within the network; 0 for none
 * @param batchNormEpoch whether one more epoch measures batch norm when the weights of one network are trained
 * @param layers which of them learn more slowly than the others, or not at all
 */
public record Recipe(double averaging, List<Augmentation> augmentations, double mixup, Optional<StochasticDepth> stochasticDepth,
    double auxiliary, boolean batchNormEpoch, LayerRates layers) {

    /** Nothing. */
    public static final Recipe PLAIN = new Recipe(0, List.of(), 0, Optional.empty(), 0, false, LayerRates.ALIKE);

    private static final double MOST_AVERAGING = 0.999_999;
    private static final double MOST_MIXUP = 100;
    private static final double MOST_LEFT_OUT = 0.9;
    private static final double MOST_AUXILIARY = 10;

    public Recipe {
        augmentations = List.copyOf(augmentations);
        if (!(averaging >= 0 && averaging < 1)) {
            throw new InputException("ema: " + averaging + " (expected: 0 to below 1)");
        }
    }

    /** Weights are averaged, and nothing else is done. */
    public static Recipe averaging(double decay) {
        return new Recipe(decay, List.of(), 0, Optional.empty(), 0, false, LayerRates.ALIKE);
    }

    /**
     * Reads what stands under {@code supernet} or {@code retrain}.
     *
     * @param alone whether it is one network that is trained
     * @throws InputException with file, line, key and expectation
     */
    public static Recipe read(YamlNode training, boolean alone) {
        return new Recipe(training.find("ema").map(node -> node.number(0, MOST_AVERAGING)).orElse(0.0),
            training.find("augmentation").map(Recipe::augmentations).orElse(List.of()),
            training.find("mixup").map(node -> node.number(0, MOST_MIXUP)).orElse(0.0),
            training.find("stochastic-depth").map(Recipe::stochasticDepth),
            alone ? training.find("auxiliary").map(node -> node.number(0, MOST_AUXILIARY)).orElse(0.0) : 0,
            alone && training.find("batch-norm-epoch").map(YamlNode::flag).orElse(false), LayerRates.read(training));
    }

    private static List<Augmentation> augmentations(YamlNode node) {
        return (node.isList() ? node.items() : List.of(node)).stream().map(kind -> Augmentations.ALL.read(kind)).toList();
    }

    private static StochasticDepth stochasticDepth(YamlNode node) {
        StochasticDepth depth = new StochasticDepth(node.get("rate").number(0.001, MOST_LEFT_OUT),
            node.find("rises").map(YamlNode::flag).orElse(false));
        node.rejectUnknownKeys();
        return depth;
    }

    /** Whether weights are averaged. */
    public boolean averages() {
        return averaging > 0;
    }

    /** What later versions added has no part in fingerprints where it is not used. */
    void describe(String key, NamedValues.Builder values) {
        values.putLater(key + "ema", NamedValues.text(averaging), NamedValues.text(0))
            .putLater(key + "mixup", NamedValues.text(mixup), NamedValues.text(0))
            .putLater(key + "auxiliary", NamedValues.text(auxiliary), NamedValues.text(0))
            .putLater(key + "batch-norm-epoch", Boolean.toString(batchNormEpoch), Boolean.toString(false))
            .putLater(key + "stochastic-depth", stochasticDepth.map(depth -> NamedValues.text(depth.rate())).orElse("none"), "none")
            .putLater(key + "stochastic-depth.rises", Boolean.toString(stochasticDepth.map(StochasticDepth::rises).orElse(false)),
                Boolean.toString(false));
        layers.describe(key, values);
        for (int i = 0; i < augmentations.size(); i++) {
            augmentations.get(i).describe(key + "augmentation." + (i + 1), values);
        }
    }
}

package dev.lutra.supernet.training;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.YamlNode;

/**
 * What a training does besides going down the gradient, so that its networks get better.
 *
 * @param averaging decay of the mean of all values that weights have had, which is used in their place; 0 for none
 */
public record Recipe(double averaging) {

    /** Nothing. */
    public static final Recipe PLAIN = new Recipe(0);

    private static final double MOST_AVERAGING = 0.999_999;

    public Recipe {
        if (!(averaging >= 0 && averaging < 1)) {
            throw new InputException("ema: " + averaging + " (expected: 0 to below 1)");
        }
    }

    /**
     * Reads what stands under {@code supernet} or {@code retrain}.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Recipe read(YamlNode training) {
        return new Recipe(training.find("ema").map(node -> node.number(0, MOST_AVERAGING)).orElse(0.0));
    }

    /** Whether weights are averaged. */
    public boolean averages() {
        return averaging > 0;
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key + "ema", NamedValues.text(averaging), NamedValues.text(0));
    }
}

package dev.lutra.supernet.descent;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.YamlNode;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Factors of the learning rate by layer, as weights that were trained before are finished: 0 freezes a layer. A layer is named by what its
 * tensors' names begin with, up to a dot ({@code stem}, {@code layer3}, {@code layer3.k5}); {@code *} stands for any letters. Of the names
 * that fit a tensor the one with most letters counts.
 *
 * @param factors 0 to 1 by name
 */
public record LayerRates(SortedMap<String, Double> factors) {

    /** All layers learn alike. */
    public static final LayerRates ALIKE = new LayerRates(new TreeMap<>());

    private static final String NAME = "[A-Za-z0-9_*-]+(\\.[A-Za-z0-9_*-]+)*";

    public LayerRates {
        factors = new TreeMap<>(factors);
    }

    /**
     * Reads {@code frozen}, a list of layers, and {@code layer-rates}, factors by layer.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static LayerRates read(YamlNode training) {
        SortedMap<String, Double> factors = new TreeMap<>();
        training.find("layer-rates").ifPresent(node -> node.entries().forEach((layer, factor) -> {
            requireName(factor, layer);
            factors.put(layer, factor.number(0, 1));
        }));
        Optional<YamlNode> frozen = training.find("frozen");
        frozen.ifPresent(node -> (node.isList() ? node.items() : List.of(node)).forEach(layer -> {
            requireName(layer, layer.text());
            if (factors.put(layer.text(), 0.0) != null) {
                throw layer.error(layer.text() + ": given twice (expected: a layer once, under frozen or layer-rates)");
            }
        }));
        return new LayerRates(factors);
    }

    private static void requireName(YamlNode node, String layer) {
        if (!layer.matches(NAME)) {
            throw node.error("'" + layer + "' (expected: the name of a layer, such as stem or layer3, with * for any letters)");
        }
    }

    /** What the learning rate of a tensor is multiplied by. */
    public double factor(String tensor) {
        String best = null;
        for (String layer : factors.keySet()) {
            if ((best == null || length(layer) > length(best)) && fits(layer, tensor)) {
                best = layer;
            }
        }
        return best == null ? 1 : factors.get(best);
    }

    private static int length(String layer) {
        return layer.replace("*", "").length();
    }

    private static boolean fits(String layer, String tensor) {
        if (layer.indexOf('*') < 0) {
            return tensor.startsWith(layer) && tensor.startsWith(".", layer.length());
        }
        return Pattern.matches(Pattern.quote(layer).replace("*", "\\E[^.]*\\Q") + "\\..*", tensor);
    }

    /** Whether a tensor stays as it is. */
    public boolean freeze(String tensor) {
        return !factors.isEmpty() && factor(tensor) == 0;
    }

    /**
     * Makes sure that every name is a layer's, and that something is left to learn.
     *
     * @param key of the experiment file that they stand under
     * @param tensors names of all that is learned
     * @throws InputException if one fits none
     */
    public void requireFit(String key, Collection<String> tensors) {
        for (Map.Entry<String, Double> layer : factors.entrySet()) {
            if (tensors.stream().noneMatch(tensor -> fits(layer.getKey(), tensor))) {
                throw new InputException(key + (layer.getValue() == 0 ? ".frozen: " : ".layer-rates: ") + layer.getKey()
                    + " is no layer (expected: one of " + String.join(", ", tensors.stream().map(tensor -> tensor.substring(0, tensor.indexOf('.')))
                        .distinct().toList())
                    + ")");
            }
        }
        if (!factors.isEmpty() && tensors.stream().allMatch(this::freeze)) {
            throw new InputException(key + ".frozen: all layers (expected: at least one that learns)");
        }
    }

    /** Puts what it follows from under names that begin with the key, which has a dot at its end. */
    public void describe(String key, NamedValues.Builder values) {
        factors.forEach((layer, factor) -> values.put(key + "layer-rates." + layer, factor));
    }
}

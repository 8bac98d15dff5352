package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.YamlNode;

/**
 * Bounds on gradients, applied before the weights decay: each value first, then the norm of all together, as PyTorch's
 * {@code clip_grad_value_} and {@code clip_grad_norm_} do.
 *
 * @param value largest magnitude of one number; infinite for any
 * @param norm largest Euclidean norm of all gradients of a step; infinite for any
 */
public record Clipping(double value, double norm) {

    /** None. */
    public static final Clipping NONE = new Clipping(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** So that a norm of 0 does no harm; the same as PyTorch's. */
    private static final double SMALL = 1e-6;
    private static final double LEAST = 0.000_001;
    private static final double MOST = 1_000_000;

    static Clipping of(YamlNode node) {
        if (node.find("value").isEmpty() && node.find("norm").isEmpty()) {
            throw node.error("neither value nor norm (expected: {value: V}, {norm: N} or both)");
        }
        Clipping clipping = new Clipping(bound(node, "value"), bound(node, "norm"));
        node.rejectUnknownKeys();
        return clipping;
    }

    private static double bound(YamlNode node, String key) {
        return node.find(key).map(bound -> bound.number(LEAST, MOST)).orElse(Double.POSITIVE_INFINITY);
    }

    /** What all gradients are multiplied by that have such a norm together. */
    public double factor(double found) {
        return Math.min(1, norm / (found + SMALL));
    }

    public boolean boundsValues() {
        return Double.isFinite(value);
    }

    public boolean boundsNorm() {
        return Double.isFinite(norm);
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key + "value", text(value), "none").putLater(key + "norm", text(norm), "none");
    }

    private static String text(double bound) {
        return Double.isFinite(bound) ? NamedValues.text(bound) : "none";
    }
}

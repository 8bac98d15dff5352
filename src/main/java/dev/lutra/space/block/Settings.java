package dev.lutra.space.block;

import dev.lutra.network.Op.Activation.Function;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** The keys that describe one block: those of its choice first, then those of its row, then the file's defaults. */
public final class Settings {

    private final List<YamlNode> nodes;

    public Settings(List<YamlNode> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    private Optional<YamlNode> find(String key) {
        Optional<YamlNode> found = Optional.empty();
        for (YamlNode node : nodes) {
            Optional<YamlNode> here = node.find(key); // asked of every node, so that an overridden key counts as known
            found = found.isPresent() ? found : here;
        }
        return found;
    }

    private YamlNode get(String key) {
        return find(key).orElseGet(() -> nodes.get(0).get(key));
    }

    int integer(String key, int least) {
        return get(key).integer(least);
    }

    int integer(String key, int least, int otherwise) {
        return find(key).map(node -> node.integer(least)).orElse(otherwise);
    }

    double number(String key, double least, double most) {
        return get(key).number(least, most);
    }

    double number(String key, double least, double most, double otherwise) {
        return find(key).map(node -> node.number(least, most)).orElse(otherwise);
    }

    boolean flag(String key, boolean otherwise) {
        return find(key).map(YamlNode::flag).orElse(otherwise);
    }

    <E extends Enum<E>> E oneOf(String key, Class<E> type) {
        return get(key).oneOf(type);
    }

    <E extends Enum<E>> E oneOf(String key, Class<E> type, E otherwise) {
        return find(key).map(node -> node.oneOf(type)).orElse(otherwise);
    }

    /** An odd kernel side. */
    int kernel() {
        int kernel = integer("kernel", 1);
        if (kernel % 2 == 0) {
            throw get("kernel").error(kernel + " (expected: an odd number)");
        }
        return kernel;
    }

    /** An activation function; {@code none} gives empty. */
    Optional<Function> activation(String key, Function otherwise) {
        Optional<YamlNode> node = find(key);
        if (node.isEmpty()) {
            return Optional.of(otherwise);
        }
        return node.get().text().equals("none") ? Optional.empty() : Optional.of(node.get().oneOf(Function.class));
    }

    /** The block's activation where it cannot do without one. */
    Function function(Function otherwise) {
        return oneOf("activation", Function.class, otherwise);
    }

    /** How the block squeezes and excites, if it does: the keys under {@code squeeze-excite}. */
    SqueezeExcite squeezeExcite(Function blockActivation) {
        YamlNode details = find("squeeze-excite").orElse(YamlNode.EMPTY);
        Settings settings = new Settings(List.of(details));
        SqueezeExcite squeezeExcite = new SqueezeExcite(
            settings.number("ratio", 0.001, 16, 0.25),
            settings.oneOf("of", SqueezeExcite.Basis.class, SqueezeExcite.Basis.SCALED_CHANNELS),
            settings.oneOf("round", SqueezeExcite.Rounding.class, SqueezeExcite.Rounding.DOWN),
            settings.flag("bias", true),
            settings.flag("batch-norm", false),
            settings.function(blockActivation),
            settings.oneOf("gate", Function.class, Function.HARD_SIGMOID));
        details.rejectUnknownKeys();
        return squeezeExcite;
    }
}

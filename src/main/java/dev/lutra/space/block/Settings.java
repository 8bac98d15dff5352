package dev.lutra.space.block;

import dev.lutra.network.Op.Activation.Function;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** The keys that describe one block: those of its choice first, then those of its row, then the file's defaults. */
public final class Settings extends LayeredSettings {

    private static final int MOST = 4096; // kernels, groups and repetitions: far more than any network has

    public Settings(List<YamlNode> nodes) {
        super(nodes);
    }

    @Override
    public int integer(String key, int least) {
        return get(key).integer(least, MOST);
    }

    @Override
    public int integer(String key, int least, int otherwise) {
        return find(key).map(node -> node.integer(least, MOST)).orElse(otherwise);
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

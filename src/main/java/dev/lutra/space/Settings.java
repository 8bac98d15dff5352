package dev.lutra.space;

import dev.lutra.network.Op.Activation.Function;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/** The keys that describe one block: those of its choice first, then those of its row. */
final class Settings {

    private final List<YamlNode> nodes;

    Settings(YamlNode... nodes) {
        this.nodes = List.of(nodes);
    }

    private Optional<YamlNode> find(String key) {
        Optional<YamlNode> found = Optional.empty();
        for (YamlNode node : nodes) {
            Optional<YamlNode> here = node.find(key);  // asked of every node, so that an overridden key counts as known
            found = found.isPresent() ? found : here;
        }
        return found;
    }

    private YamlNode get(String key) {
        return find(key).orElseGet(() -> nodes.get(0).get(key));
    }

    String text(String key) {
        return get(key).text();
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

    boolean flag(String key, boolean otherwise) {
        return find(key).map(YamlNode::flag).orElse(otherwise);
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
}

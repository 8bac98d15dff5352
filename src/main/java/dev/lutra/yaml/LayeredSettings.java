package dev.lutra.yaml;

import java.util.List;
import java.util.Optional;

/** The settings of one thing, from several mappings: of a key that more than one has, the first counts. */
public class LayeredSettings {

    private final List<YamlNode> nodes;

    /**
     * @param nodes mappings, at least one, the one that is asked first in front
     */
    public LayeredSettings(List<YamlNode> nodes) {
        this.nodes = List.copyOf(nodes);
    }

    /** The value of a key, if a mapping has it. */
    public final Optional<YamlNode> find(String key) {
        Optional<YamlNode> found = Optional.empty();
        for (YamlNode node : nodes) {
            Optional<YamlNode> here = node.find(key); // asked of every node, so that an overridden key counts as known
            found = found.isPresent() ? found : here;
        }
        return found;
    }

    /**
     * @throws dev.lutra.InputException if no mapping has the key
     */
    public final YamlNode get(String key) {
        return find(key).orElseGet(() -> nodes.get(0).get(key));
    }

    public int integer(String key, int least) {
        return get(key).integer(least);
    }

    public int integer(String key, int least, int otherwise) {
        return find(key).map(node -> node.integer(least)).orElse(otherwise);
    }

    public final double number(String key, double least, double most) {
        return get(key).number(least, most);
    }

    public final double number(String key, double least, double most, double otherwise) {
        return find(key).map(node -> node.number(least, most)).orElse(otherwise);
    }

    public final boolean flag(String key, boolean otherwise) {
        return find(key).map(YamlNode::flag).orElse(otherwise);
    }

    public final <E extends Enum<E>> E oneOf(String key, Class<E> type) {
        return get(key).oneOf(type);
    }

    public final <E extends Enum<E>> E oneOf(String key, Class<E> type, E otherwise) {
        return find(key).map(node -> node.oneOf(type)).orElse(otherwise);
    }
}

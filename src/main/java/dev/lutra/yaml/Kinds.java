package dev.lutra.yaml;

import dev.lutra.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Kinds of one thing by the names that files give them, each made from settings of its own: {@code key: NAME}, or
 * {@code key: {NAME: {settings}}}. A new kind is a new class and one entry.
 *
 * @param <T> the thing
 */
public final class Kinds<T> {

    private final Map<String, Function<LayeredSettings, T>> factories;

    private Kinds(Map<String, Function<LayeredSettings, T>> factories) {
        this.factories = Collections.unmodifiableMap(new TreeMap<>(factories));
    }

    /** Kinds by name; each makes a thing from its settings, of which those that are not there have defaults. */
    public static <T> Kinds<T> of(Map<String, Function<LayeredSettings, T>> factories) {
        return new Kinds<>(factories);
    }

    /** These and one more. */
    public Kinds<T> with(String name, Function<LayeredSettings, T> factory) {
        Map<String, Function<LayeredSettings, T>> more = new TreeMap<>(factories);
        more.put(name, factory);
        return new Kinds<>(more);
    }

    public Set<String> names() {
        return factories.keySet();
    }

    /** A kind with its default settings. */
    public T usual(String name) {
        return factories.get(name).apply(new LayeredSettings(List.of(YamlNode.EMPTY)));
    }

    /**
     * Reads {@code NAME} or {@code {NAME: {settings}}}.
     *
     * @param around mappings whose keys count as settings where the kind's own do not have them; what they hold besides is the
     *     caller's to reject
     * @throws InputException if there is no such kind, or a setting of it is wrong or unknown
     */
    public T read(YamlNode node, YamlNode... around) {
        if (!node.isMapping()) {
            return make(node, node.text(), YamlNode.EMPTY, around);
        }
        if (node.entries().size() != 1) {
            throw node.error(node.entries().size() + " names (expected: NAME: {settings}, where NAME is one of " + known() + ")");
        }
        Map.Entry<String, YamlNode> entry = node.entries().entrySet().iterator().next();
        YamlNode settings = entry.getValue().isNull() ? YamlNode.EMPTY : entry.getValue();
        return make(entry.getValue(), entry.getKey(), settings, around);
    }

    /**
     * Reads the settings of a kind that the file names elsewhere.
     *
     * @throws InputException if there is no such kind, or a setting of it is wrong or unknown
     */
    public T read(String name, YamlNode settings) {
        return make(settings, name, settings);
    }

    private T make(YamlNode place, String name, YamlNode settings, YamlNode... around) {
        Function<LayeredSettings, T> factory = factories.get(name);
        if (factory == null) {
            throw place.error(name + " (expected: one of " + known() + ")");
        }
        List<YamlNode> layers = new ArrayList<>(List.of(settings));
        layers.addAll(List.of(around));
        T made = factory.apply(new LayeredSettings(layers));
        settings.rejectUnknownKeys();
        return made;
    }

    private String known() {
        return String.join(", ", factories.keySet());
    }
}

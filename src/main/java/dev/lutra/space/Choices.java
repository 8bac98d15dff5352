package dev.lutra.space;

import dev.lutra.space.block.Blocks;
import dev.lutra.space.block.Settings;
import dev.lutra.yaml.YamlNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The blocks that a space file names under {@code choices}, and what its {@code defaults} say about every block. */
final class Choices {

    private static final Pattern WRITABLE = Pattern.compile("[^\\s,:]{1,100}");

    private final Map<String, YamlNode> choices = new LinkedHashMap<>();
    private final YamlNode defaults;

    Choices(YamlNode file) {
        file.find("choices").ifPresent(node -> choices.putAll(node.entries()));
        defaults = file.find("defaults").orElse(YamlNode.EMPTY);
        Map<String, String> texts = new HashMap<>();
        choices.forEach((name, choice) -> {
            requireWritable(name, choice);
            texts.put(name, name);
        });
        choices.forEach((name, choice) -> choice.find("aliases").map(YamlNode::items).orElse(List.of()).forEach(alias -> {
            requireWritable(alias.text(), alias);
            String other = texts.putIfAbsent(alias.text(), name);
            if (other != null && !other.equals(name)) {
                throw alias.error(alias.text() + " is " + other + " already (expected: a text of its own)");
            }
        }));
    }

    /** Architectures are written as choices between commas, with scales behind colons. */
    private static void requireWritable(String text, YamlNode place) {
        if (!WRITABLE.matcher(text).matches()) {
            throw place.error("'" + text + "' (expected: a name without spaces, commas and colons)");
        }
    }

    /** The block of a row that has no choice. */
    NamedBlock fixed(YamlNode row) {
        YamlNode kind = row.get("block");
        return NamedBlock.fixed(kind.text(), Blocks.block(kind, new Settings(List.of(row, defaults))));
    }

    /**
     * The choices of a list, each once.
     *
     * @throws dev.lutra.InputException if there is no such choice, or one is there twice
     */
    List<NamedBlock> blocks(YamlNode list, YamlNode row) {
        Set<String> seen = new HashSet<>();
        for (YamlNode item : list.items()) {
            if (!seen.add(item.text())) {
                throw item.error(item.text() + " is there twice (expected: every choice once)");
            }
        }
        return list.items().stream().map(item -> block(item, row)).toList();
    }

    /**
     * A choice as it stands in a row.
     *
     * @param item where its name is written
     * @throws dev.lutra.InputException if there is no such choice
     */
    private NamedBlock block(YamlNode item, YamlNode row) {
        if (!choices.containsKey(item.text())) {
            throw item.error(item.text() + " (expected: one of " + String.join(", ", choices.keySet()) + ")");
        }
        return block(item.text(), row);
    }

    /** Its number is its place among all choices of the file. */
    private NamedBlock block(String name, YamlNode row) {
        YamlNode choice = choices.get(name);
        List<String> aliases = choice.find("aliases").map(YamlNode::items).orElse(List.of()).stream()
            .map(YamlNode::text).toList();
        Gene.Option option = new Gene.Option(name, List.copyOf(choices.keySet()).indexOf(name), aliases);
        String scope = choice.find("shares").map(YamlNode::text).orElse(name);
        return new NamedBlock(option, scope, Blocks.block(choice.get("block"), new Settings(List.of(choice, row, defaults))));
    }

    /** To be called after all rows. Also reads the choices that no row offers: a fixed network still numbers its space. */
    void rejectUnknownKeys() {
        choices.forEach((name, choice) -> {
            block(name, YamlNode.EMPTY);
            choice.rejectUnknownKeys();
        });
        defaults.rejectUnknownKeys();
    }
}

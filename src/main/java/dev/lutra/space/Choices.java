package dev.lutra.space;

import dev.lutra.space.block.Blocks;
import dev.lutra.space.block.Settings;
import dev.lutra.yaml.YamlNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The blocks that a space file names under {@code choices}, and what its {@code defaults} say about every block. */
final class Choices {

    private final Map<String, YamlNode> choices = new LinkedHashMap<>();
    private final YamlNode defaults;

    Choices(YamlNode file) {
        file.find("choices").ifPresent(node -> choices.putAll(node.entries()));
        defaults = file.find("defaults").orElse(YamlNode.EMPTY);
    }

    /** The block of a row that has no choice. */
    NamedBlock fixed(YamlNode row) {
        YamlNode kind = row.get("block");
        return NamedBlock.fixed(kind.text(), Blocks.block(kind, new Settings(List.of(row, defaults))));
    }

    /**
     * A choice as it stands in a row.
     *
     * @param item where its name is written
     * @throws dev.lutra.InputException if there is no such choice
     */
    NamedBlock block(YamlNode item, YamlNode row) {
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

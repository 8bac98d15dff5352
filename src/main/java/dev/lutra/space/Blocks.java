package dev.lutra.space;

import dev.lutra.yaml.YamlNode;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Every kind of block by the name that space files use. A new kind is a new class and one line here. */
final class Blocks {

    private static final Map<String, Function<Settings, Block>> KINDS = new TreeMap<>(Map.of(
        "conv", ConvBlock::of,
        "dropout", DropoutBlock::of,
        "global-pool", settings -> new GlobalPoolBlock(),
        "linear", LinearBlock::of,
        "shuffle", ShuffleBlock::of,
        "shuffle-xception", ShuffleXceptionBlock::of));

    private Blocks() {}

    /** @throws dev.lutra.InputException if there is no such kind, or a setting of it is wrong */
    static Block block(YamlNode kind, Settings settings) {
        Function<Settings, Block> factory = KINDS.get(kind.text());
        if (factory == null) {
            throw kind.error(kind.text() + " (expected: one of " + String.join(", ", KINDS.keySet()) + ")");
        }
        return factory.apply(settings);
    }
}

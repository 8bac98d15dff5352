package dev.lutra.space.block;

import dev.lutra.yaml.YamlNode;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** Every kind of block by the name that space files use. A new kind is a new class and one line here. */
public final class Blocks {

    private static final Map<String, Function<Settings, Block>> KINDS = new TreeMap<>(Map.ofEntries(
        Map.entry("basic", BasicBlock::of),
        Map.entry("conv", ConvBlock::of),
        Map.entry("dropout", DropoutBlock::of),
        Map.entry("flatten", settings -> new FlattenBlock()),
        Map.entry("global-pool", settings -> new GlobalPoolBlock()),
        Map.entry("linear", LinearBlock::of),
        Map.entry("mb", MbBlock::of),
        Map.entry("pool", PoolBlock::of),
        Map.entry("separable", SeparableBlock::of),
        Map.entry("shuffle", ShuffleBlock::of),
        Map.entry("shuffle-xception", ShuffleXceptionBlock::of),
        Map.entry("skip", SkipBlock::of),
        Map.entry("squeeze-excite", SqueezeExciteBlock::of)));

    private Blocks() {}

    public static Set<String> kinds() {
        return KINDS.keySet();
    }

    /** @throws dev.lutra.InputException if there is no such kind, or a setting of it is wrong */
    public static Block block(YamlNode kind, Settings settings) {
        Function<Settings, Block> factory = KINDS.get(kind.text());
        if (factory == null) {
            throw kind.error(kind.text() + " (expected: one of " + String.join(", ", KINDS.keySet()) + ")");
        }
        return factory.apply(settings);
    }
}

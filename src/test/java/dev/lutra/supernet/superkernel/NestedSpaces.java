package dev.lutra.supernet.superkernel;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Tables;
import dev.lutra.proto.LookupTable;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** Small spaces of nested rows, for 16×16 images of 4 classes. */
final class NestedSpaces {

    private static final String HEAD = """
        name: nested
        title: Nested rows
        source: Ours
        input: {channels: 3, size: 16}
        classes: 4
        """;

    private NestedSpaces() {}

    /** Of a device so slow that a nanosecond is nothing. */
    static LatencyModel slow(SearchSpace space) {
        return slow(space, nanos -> nanos);
    }

    /** Of another one. */
    static LatencyModel slow(SearchSpace space, LongUnaryOperator nanos) {
        LookupTable.Builder table = Tables.of(space).content().toBuilder();
        table.getEntriesBuilderList().forEach(entry -> entry.getLatencyBuilder()
            .setP50Nanos(1_000_000 * nanos.applyAsLong(entry.getLatency().getP50Nanos())));
        return new LatencyModel(dev.lutra.latency.LookupTable.of(table.build()));
    }

    /** Kernels 3 and 5, expansions 2 and 4, skip. */
    static SearchSpace plain() {
        return plain(2);
    }

    /**
     * The same of more layers.
     *
     * @param repeats layers of each of two stages
     */
    static SearchSpace plain(int repeats) {
        return SpaceFile.parse("nested.yaml", HEAD + """
            choices:
              k3e2: {block: mb, kernel: 3, expand: 2, shares: s, largest-kernel: 5, largest-expand: 4}
              k3e4: {block: mb, kernel: 3, expand: 4, shares: s, largest-kernel: 5, largest-expand: 4}
              k5e2: {block: mb, kernel: 5, expand: 2, shares: s, largest-kernel: 5, largest-expand: 4}
              k5e4: {block: mb, kernel: 5, expand: 4, shares: s, largest-kernel: 5, largest-expand: 4}
              skip: {block: skip}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
              - {choices: [k3e2, k3e4, k5e2, k5e4, skip], channels: 8, repeat: REPEATS}
              - {choices: [k3e2, k3e4, k5e2, k5e4, skip], channels: 12, repeat: REPEATS, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.replace("REPEATS", Integer.toString(repeats)));
    }

    /**
     * Kernels 3, 5 and 7, expansions 2 and 4, squeeze-and-excite and skip, of which not every combination is on offer, and whose options
     * have weights of their own.
     */
    static SearchSpace partial() {
        return SpaceFile.parse("partial.yaml", HEAD + """
            choices:
              k3e2: {block: mb, kernel: 3, expand: 2}
              k3e4: {block: mb, kernel: 3, expand: 4}
              k5e4se: {block: mb, kernel: 5, expand: 4, se: true}
              k7e2: {block: mb, kernel: 7, expand: 2}
              k7e4se: {block: mb, kernel: 7, expand: 4, se: true}
              skip: {block: skip}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
              - {choices: [k3e2, k3e4, k5e4se, k7e2, k7e4se, skip], channels: 8, repeat: 2}
              - {choices: [k3e2, k3e4, k5e4se, k7e2, k7e4se], channels: 12, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
    }

    /**
     * A space of one row.
     *
     * @param options in YAML, by name
     */
    static SearchSpace row(Map<String, String> options) {
        StringBuilder choices = new StringBuilder("choices:\n");
        options.forEach((name, block) -> choices.append("  " + name + ": {block: " + block + "}\n"));
        return SpaceFile.parse("row.yaml", HEAD + choices + """
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
              - {choices: [NAMES], channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.replace("NAMES", String.join(", ", options.keySet())));
    }

    /** Kernels 3, 5 and 7, expansions 1, 2 and 4, skip, and squeeze-and-excite as a choice, as wide as what it scales. */
    static SearchSpace excited() {
        StringBuilder choices = new StringBuilder("choices:\n");
        StringBuilder names = new StringBuilder();
        for (int kernel : new int[]{3, 5, 7}) {
            for (int expand : new int[]{1, 2, 4}) {
                for (String excite : new String[]{"", "se"}) {
                    String name = "k" + kernel + "e" + expand + excite;
                    names.append(name).append(", ");
                    choices.append("  " + name + ": {block: mb, kernel: " + kernel + ", expand: " + expand
                        + ", shares: s, largest-kernel: 7, largest-expand: 4, se: " + !excite.isEmpty() + ", activation: hard-swish}\n");
                }
            }
        }
        return SpaceFile.parse("excited.yaml", HEAD + choices + """
              skip: {block: skip}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
              - {choices: [NAMESskip], channels: 8, repeat: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.replace("NAMES", names));
    }
}

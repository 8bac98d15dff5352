package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.network.Segment;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentCatalogTest {

    @TempDir
    Path folder;

    private SearchSpace space(String choices, String scales, String row) throws Exception {
        return SpaceFile.load(Files.writeString(folder.resolve("space.yaml"), """
            name: small
            title: for a test
            source: this test
            input: {channels: 3, size: 16}
            classes: 5
            %s
            choices:
            %s
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 16}
              - %s
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(scales, choices, row)).toString());
    }

    private static Set<String> keys(SegmentCatalog catalog) {
        return catalog.items().stream().map(SegmentCatalog.Item::key).collect(Collectors.toSet());
    }

    @Test
    void thirtyFourMeasurementsCoverSpos() {
        SegmentCatalog catalog = SegmentCatalog.of(SpaceFile.load("spos-shufflenetv2"));
        assertThat(catalog.items()).hasSize(34);
        assertThat(catalog.items()).extracting(SegmentCatalog.Item::label)
            .contains("spos-shufflenetv2 stem", "spos-shufflenetv2 layer1 k3", "spos-shufflenetv2 layer2 xception");
        assertThat(keys(catalog)).hasSize(34);
    }

    @Test
    void everySegmentOfASmallSpaceIsFound() {
        SearchSpace space = Tables.smallSpace();
        Set<String> all = new HashSet<>();
        for (int number = 0; number < 4096; number++) {
            int code = number;
            int[] values = IntStream.range(0, 6).map(gene -> code >> 2 * gene & 3).toArray();
            space.build(space.architecture(values)).segments().stream().map(Segment::key).forEach(all::add);
        }
        assertThat(keys(SegmentCatalog.of(space))).isEqualTo(all);
    }

    @Test
    void choicesAndScalesOfOneLayerAreCombined() throws Exception {
        SearchSpace space = space("  k3: {block: shuffle, kernel: 3}\n  k5: {block: shuffle, kernel: 5}",
            "scales: [0.25, 0.5, 0.75, 1.0, 1.25]", "{choices: [k3, k5], channels: 32, repeat: 3, stride: 2}");
        SegmentCatalog catalog = SegmentCatalog.of(space);
        assertThat(catalog.items()).hasSize(2 + 2 * 2 * 5); // layers 2 and 3 are alike
        assertThat(catalog.items()).extracting(SegmentCatalog.Item::label).contains("small layer2 k5:0.75");
    }

    @Test
    void largeSpacesNeedAsManyEntriesAsLayersHaveOptions() throws Exception {
        String choices = IntStream.range(0, 32).mapToObj(i -> "  c" + i + ": {block: shuffle, kernel: " + (2 * i + 1) + "}")
            .collect(Collectors.joining("\n"));
        String names = IntStream.range(0, 32).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        SearchSpace space = space(choices, "", "{choices: [" + names + "], channels: 32, repeat: 20, stride: 2}");
        assertThat(space.size()).isEqualTo(BigInteger.valueOf(32).pow(20));
        // The first layer has 16 input channels, the others 32.
        assertThat(SegmentCatalog.of(space).items()).hasSize(2 + 2 * 32);
    }

    @Test
    void namesWhatATableLacks() {
        SearchSpace space = Tables.smallSpace();
        SegmentCatalog catalog = SegmentCatalog.of(space);
        LookupTable empty = LookupTable.of(Tables.empty().build());
        assertThat(catalog.missingFrom(empty)).hasSameSizeAs(catalog.items());
        LookupTable full = Tables.of(space);
        assertThat(catalog.missingFrom(full)).isEmpty();
        Architecture any = space.random(new Random(5));
        assertThat(new LatencyModel(full).missing(space.build(any))).isEqualTo(List.of());
    }
}

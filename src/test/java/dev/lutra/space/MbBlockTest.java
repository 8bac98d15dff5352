package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.cost.Cost;
import dev.lutra.network.Op;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MbBlockTest {

    @TempDir
    Path folder;

    @Test
    void aScaleCountsWhereTheExpansionIsOne() throws IOException {
        SearchSpace space = SpaceFile.load(Files.writeString(folder.resolve("scaled.yaml"), """
            name: scaled
            title: No expansion but by a scale
            source: Ours
            input: {channels: 3, size: 8}
            classes: 4
            scales: [1.0, 2.0]
            choices:
              k3: {block: mb, kernel: 3, expand: 1}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3], channels: 16}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
        assertThat(depthwiseChannels(space, "k3:1.0")).isEqualTo(8);
        assertThat(depthwiseChannels(space, "k3:2.0")).isEqualTo(16);
        assertThat(params(space, "k3:2.0")).isGreaterThan(params(space, "k3:1.0"));
    }

    private static int depthwiseChannels(SearchSpace space, String architecture) {
        return space.build(space.parse(architecture)).ops().stream().filter(op -> op instanceof Op.Conv conv && conv.groups() > 1)
            .findFirst().orElseThrow().output().shape().channels();
    }

    private static long params(SearchSpace space, String architecture) {
        return Cost.of(space.build(space.parse(architecture))).params();
    }
}

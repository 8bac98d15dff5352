package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpaceFileTest {

    private static final String TWO_LAYERS = """
        name: small
        title: two layers
        source: this test
        input: {channels: 3, size: 16}
        classes: 5
        scales: [0.5, 1.0]
        choices:
          k3: {block: shuffle, kernel: 3}
          k5: {block: shuffle, kernel: 5}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8}
          - {choices: [k3, k5], channels: 16, repeat: 2, stride: 2}
          - {block: global-pool}
          - {name: classifier, block: linear}
        """;

    private static SearchSpace space(String text) {
        return SpaceFile.parse("small.yaml", text);
    }

    @Test
    void architecturesAreWrittenByNameAndReadByNameOrIndex() {
        SearchSpace space = space(TWO_LAYERS);
        Architecture architecture = space.parse("0:1, k5:0.5");
        assertThat(architecture).hasToString("k3:1.0,k5:0.5");
        assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
        assertThat(space.size()).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0:1 | small: architecture of 1 entries (expected: 2, one a layer, comma-separated)",
        "0:1,7:0 | layer2.choice: '7:0' (expected: one of 0 k3, 1 k5)",
        "0:1,1:2 | layer2.scale: '1:2' (expected: one of 0 0.5, 1 1.0)",
        "0:1,1 | layer2: '1' (expected: choice:scale)"})
    void wrongArchitecturesSayWhatWasExpected(String text, String message) {
        assertThatThrownBy(() -> space(TWO_LAYERS).parse(text)).isInstanceOf(InputException.class).hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "kernel: 5} | kernel: 4} | small.yaml:9: choices.k5.kernel: 4 (expected: an odd number)",
        "block: shuffle, kernel: 5 | block: mixer, kernel: 5 | small.yaml:9: choices.k5.block: mixer (expected: one of conv,",
        "choices: [k3, k5] | choices: [k3, k9] | small.yaml:12: layers[1].choices[1]: k9 (expected: one of k3, k5)",
        "repeat: 2 | repeats: 2 | small.yaml:12: layers[1].repeats: unknown key (expected: one of",
        "classes: 5 | classes: none | small.yaml:5: classes: none (expected: a whole number of at least 1)",
        "channels: 16 | channels: 18 | small.yaml:12: layers[1]: layer2, k3: 18 to 18 channels at stride 1",
        "title: two layers | titel: two | small.yaml:1: no 'title'",
        "kernel: 5} | kernel: 5, shares: k3} | small.yaml:12: layers[1]: layer1, k5: layer1.k3.proj.depthwise.weight: shared as",
        "scales: [0.5, 1.0] | scales: [0.01, 1.0] | small.yaml:12: layers[1]: layer1, k3: width: 0 of 8 (expected: 1",
        "kernel: 5} | kernel: 5, expand: 6} | small.yaml:9: choices.k5.expand: unknown key (expected: one of activation,",
        "block: global-pool | block: conv, name: stem, kernel: 1 | small.yaml:13: layers[2]: a second layer 'stem' (expected:"})
    void mistakesAreReportedWithFileAndLine(String right, String wrong, String message) {
        assertThatThrownBy(() -> space(TWO_LAYERS.replace(right, wrong)))
            .isInstanceOf(InputException.class).hasMessageStartingWith(message);
    }

    @Test
    void aLayerThatNoOptionFitsIsReported() {
        String onlySkips = TWO_LAYERS.replace("block: shuffle, kernel: 3", "block: skip").replace("[k3, k5]", "[k3]");
        assertThatThrownBy(() -> space(onlySkips)).isInstanceOf(InputException.class)
            .hasMessage("small.yaml:12: layers[1]: layer1: no option fits 8x16x16 to 16 channels, stride 2");
    }

    @Test
    void unknownSpace() {
        assertThatThrownBy(() -> SpaceFile.load("resnet"))
            .isInstanceOf(InputException.class).hasMessageStartingWith("space: resnet (expected: a .yaml file or one of ");
    }
}

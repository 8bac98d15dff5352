package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.util.Random;
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
        "block: shuffle, kernel: 5 | block: mixer, kernel: 5 | small.yaml:9: choices.k5.block: mixer (expected: one of basic, conv,",
        "choices: [k3, k5] | choices: [k3, k9] | small.yaml:12: layers[1].choices[1]: k9 (expected: one of k3, k5)",
        "repeat: 2 | repeats: 2 | small.yaml:12: layers[1].repeats: unknown key (expected: one of",
        "classes: 5 | classes: none | small.yaml:5: classes: none (expected: a whole number of at least 1 and at most 1048576)",
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

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "block: linear | block: linear, channels: 1000 | small.yaml:14: layers[3]: the network gives 1000 (expected: a vector of",
        "block: linear | block: linear, channels: 5 | small.yaml:14: layers[3]: the network gives 5 (expected: a vector of 6,",
        "{name: classifier, block: linear} | {block: conv, kernel: 1} | small.yaml:14: layers[3]: the network gives 5x1x1 (expec",
        "block: global-pool | block: flatten | !",
        "block: global-pool} | block: flatten}; - {block: conv, kernel: 1} | small.yaml:14: layers[3]: conv, conv: conv.conv: af",
        "block: global-pool} | block: flatten}; - {block: pool, kind: max, kernel: 3} | small.yaml:14: layers[3]: pool: no optio",
        "block: global-pool} | block: flatten}; - {block: squeeze-excite} | small.yaml:14: layers[3]: squeeze-excite, squeeze-ex",
        "block: global-pool | block: global-pool, channels: 20 | small.yaml:13: layers[2]: global-pool, global-pool: gives 16 ch",
        "block: global-pool | block: global-pool, stride: 2 | small.yaml:13: layers[2]: global-pool, global-pool: stride 2 (expe",
        "block: linear | block: linear, stride: 2 | small.yaml:14: layers[3]: classifier, linear: stride 2 (expected: none",
        "block: global-pool} | block: dropout, rate: 0.1, stride: 2} | small.yaml:13: layers[2]: dropout, dropout: stride 2 (exp",
        "block: global-pool | block: flatten, stride: 2 | small.yaml:13: layers[2]: flatten, flatten: stride 2 (expected: none",
        "block: global-pool | block: squeeze-excite, stride: 2 | small.yaml:13: layers[2]: squeeze-excite, squeeze-excite: strid",
        "choices: [k3, k5] | choices: [k3, k5, k3] | small.yaml:12: layers[1].choices[2]: k3 is there twice (expected: every cho",
        "k5: {block | 'k,5': {block | small.yaml:9: choices.k,5: 'k,5' (expected: a name without spaces, commas and colons)",
        "k5: {block | 'k 5': {block | small.yaml:9: choices.k 5: 'k 5' (expected: a name without spaces, commas and colons)",
        "kernel: 5} | kernel: 5, aliases: [k3]} | small.yaml:9: choices.k5.aliases[0]: k3 is k3 already (expected: a text of its",
        "kernel: 5} | kernel: 5, aliases: ['a,b']} | small.yaml:9: choices.k5.aliases[0]: 'a,b' (expected: a name without",
        "kernel: 3, channels: 8 | kernel: 3, channels: 2000000 | small.yaml:11: layers[0].channels: 2000000 (expected: a whole n",
        "repeat: 2 | repeat: 2000000000 | small.yaml:12: layers[1].repeat: 2000000000 (expected: a whole number of at least 1 an",
        "size: 16 | size: 2000000000 | small.yaml:4: input.size: 2000000000 (expected: a number of pixels, or height x width as 96x160, each from 1 to 16384)"})
    void whatCannotBeMeantIsRefused(String right, String wrong, String message) {
        String text = TWO_LAYERS.replace(right, wrong.replace("; ", "\n  "));
        if (message.equals("!")) {
            assertThat(space(text).classes()).isEqualTo(5);
        } else {
            assertThatThrownBy(() -> space(text)).isInstanceOf(InputException.class).hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
        }
    }

    @Test
    void cellsEndInOneValueAClassToo() {
        String cells = """
            name: cells
            title: one cell
            source: this test
            input: {channels: 3, size: 16}
            classes: 10
            choices: {sep3: {block: separable, kernel: 3}, max3: {block: pool, kind: max, kernel: 3}}
            cells: {nodes: 2, operations: [sep3, max3]}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {cell: reduction, channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """;
        assertThat(SpaceFile.parse("cells.yaml", cells).classes()).isEqualTo(10);
        assertThatThrownBy(() -> SpaceFile.parse("cells.yaml", cells.replace("block: linear", "block: linear, channels: 1000")))
            .isInstanceOf(InputException.class)
            .hasMessageStartingWith("cells.yaml:12: layers[3]: the network gives 1000 (expected: a vector of 10, one value a class");
    }

    /** Names may be numbers, as widths and kernels are; what is printed reads back. */
    @Test
    void choicesNamedByNumbersAreRead() {
        String numbers = TWO_LAYERS.replace("k3: {block: shuffle", "'6': {block: shuffle").replace("k5: {block: shuffle",
            "'0': {block: shuffle").replace("[k3, k5]", "['6', '0']").replace("scales: [0.5, 1.0]", "scales: [1.0, 0.5]");
        SearchSpace space = space(numbers);
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            Architecture architecture = space.random(random);
            assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
        }
        assertThat(space.parse("0:0,1:1")).hasToString("0:1.0,0:0.5"); // the name before the number
    }

    @Test
    void aSpaceWithoutChoicesHasOneNetwork() {
        SearchSpace space = space(TWO_LAYERS.replace("{choices: [k3, k5], channels: 16, repeat: 2, stride: 2}",
            "{block: conv, kernel: 3, channels: 16}").replace("scales: [0.5, 1.0]\n", ""));
        Architecture only = space.random(new Random(1));
        assertThat(space.size()).isEqualTo(1);
        assertThat(only.toString()).isEmpty();
        assertThat(space.parse("")).isEqualTo(only);
        assertThat(space.build(only).output().shape().channels()).isEqualTo(5);
        assertThatThrownBy(() -> space.parse("k3")).isInstanceOf(InputException.class)
            .hasMessage("small: architecture of 1 entries (expected: 0, one a layer, comma-separated)");
    }

    @Test
    void weightsHaveALimit() {
        String large = TWO_LAYERS.replace("kernel: 3, channels: 8", "kernel: 4095, channels: 1048576");
        assertThatThrownBy(() -> space(large)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("small.yaml:11: layers[0]: stem, conv: stem.conv.weight: [1048576, 3, 4095, 4095] (");
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

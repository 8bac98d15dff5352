package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.ModelSize;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Value;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bits as genes: their text, what they make of networks, and what stays as it was where there are none. */
class BitsTest {

    private static final String MIXED = """
        extends: shufflenetv2-cifar-channels
        name: mixed
        bits: [4.8, 32, 8]
        """;

    private static Architecture drawn(SearchSpace space, long seed) {
        return space.random(new Random(seed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet-bits-cifar", "shufflenetv2-cifar-bits", "spos-resnet34-bits"})
    void whatIsPrintedReadsBack(String name) {
        SearchSpace space = SpaceFile.load(name);
        for (int seed = 0; seed < 200; seed++) {
            Architecture architecture = drawn(space, seed);
            assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
            assertThat(space.architecture(architecture.values())).isEqualTo(architecture);
        }
    }

    @Test
    void choiceScaleAndBitsReadBackTogether() {
        SearchSpace space = SpaceFile.parse("mixed.yaml", MIXED);
        for (int seed = 0; seed < 200; seed++) {
            Architecture architecture = drawn(space, seed);
            assertThat(space.parse(architecture.toString())).isEqualTo(architecture);
        }
        String first = space.parse(drawn(space, 1).toString()).toString().split(",")[0];
        assertThat(first).matches("\\w+:[\\d.]+(@(4\\.8|8))?");
    }

    @Test
    void theShorterFormIsCanonicalAndFloatIsLeftOut() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar-bits");
        String rest = ",k3".repeat(11);
        assertThat(space.parse("k5@8.8" + rest)).hasToString("k5@8" + rest).isEqualTo(space.parse("1@8" + rest));
        assertThat(space.parse("k5@32" + rest)).hasToString("k5" + rest).isEqualTo(space.parse("k5@32.32" + rest));
        assertThat(SpaceFile.load("resnet-bits-cifar").parse("basic@2.8,basic@8,0@4,basic@4.4,basic@4.2,basic@2"))
            .hasToString("basic@2.8,basic@8,basic@4,basic@4,basic@4.2,basic@2");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "basic@3,basic@2,basic@2,basic@2,basic@2,basic@2 | layer1.bits: 'basic@3' (expected: @ and one of 2, 2.4, 2.8, 4.2, 4, 4.8, 8.2, 8.4, 8)",
        "basic,basic@2,basic@2,basic@2,basic@2,basic@2 | layer1.bits: 'basic' (expected: @ and one of",
        "basic@2,basic@1,basic@2,basic@2,basic@2,basic@2 | layer2.bits: 'basic@1'",
        "basic@2,basic@x,basic@2,basic@2,basic@2,basic@2 | layer2.bits: 'basic@x'"})
    void bitsThatAreNotOfferedAreTold(String text, String problem) {
        assertThatThrownBy(() -> SpaceFile.load("resnet-bits-cifar").parse(text)).isInstanceOf(InputException.class).hasMessageContaining(problem);
    }

    @Test
    void whatMultipliesNothingHasNoBits() {
        SearchSpace space = SpaceFile.parse("skips.yaml", """
            extends: single-path-cifar
            name: skips
            bits: [4, 8]
            """);
        Gene second = space.genes().stream().filter(gene -> gene.name().equals("layer2.choice")).findFirst().orElseThrow();
        int skip = second.position("skip");
        int[] values = new int[space.genes().size()];
        values[space.genes().indexOf(second)] = skip;
        int[] other = values.clone();
        other[space.genes().indexOf(second) + 1] = 1;
        assertThat(space.architecture(other)).isEqualTo(space.architecture(values));
        assertThat(space.architecture(values).toString().split(",")[1]).isEqualTo("skip");
        assertThatThrownBy(() -> space.parse(space.architecture(values).toString().replace("skip", "skip@4")))
            .isInstanceOf(InputException.class).hasMessageContaining("expected: no bits; nothing there multiplies");
        SearchSpace plain = SpaceFile.load("single-path-cifar");
        BigInteger expected = plain.genes().stream().map(gene -> {
            int skips = gene.position("skip") < 0 ? 0 : 1;
            return BigInteger.valueOf(2L * (gene.size() - skips) + skips);
        }).reduce(BigInteger.ONE, BigInteger::multiply);
        assertThat(space.size()).isEqualTo(expected);
    }

    /** Counts, keys in tables, and everything a network computes: tables, checkpoints and logs of float networks stay valid. */
    @Test
    void float32EverywhereIsTheSpaceWithoutBits() {
        SearchSpace plain = SpaceFile.load("shufflenetv2-cifar");
        SearchSpace mixed = SpaceFile.load("shufflenetv2-cifar-bits");
        for (int seed = 0; seed < 20; seed++) {
            String text = drawn(plain, seed).toString();
            Network expected = plain.build(plain.parse(text));
            Network network = mixed.build(mixed.parse(text));
            assertThat(network.values()).isEqualTo(expected.values());
            assertThat(keys(network)).isEqualTo(keys(expected));
            for (CountingRule rule : CountingRule.values()) {
                assertThat(rule.count(network)).as(rule.ruleName()).isEqualTo(rule.count(expected));
            }
        }
    }

    private static List<String> keys(Network network) {
        return network.segments().stream().map(Segment::key).toList();
    }

    /** Guo et al. 2019, Table 6, in parts of 2^30: uniform 2, 3 and 4 bits. */
    @ParameterizedTest
    @CsvSource({"18, 2, 6.32, 1695547392", "18, 3, 14.21, 1695547392", "18, 4, 25.27, 1695547392", "34, 2, 13.21, 3545235456",
        "34, 3, 29.72, 3545235456", "34, 4, 52.83, 3545235456"})
    void bitOpsOfUniformResNetsArePublished(int layers, int bits, double published, long macs) {
        StagedSpace space = (StagedSpace) SpaceFile.load("spos-resnet" + layers + "-bits");
        Network network = space.build(space.withBits(space.architecture(new int[space.genes().size()]), Bits.of(Integer.toString(bits))));
        long bitOps = CountingRule.BITOPS.count(network).macs();
        assertThat(bitOps).isEqualTo(macs * bits * bits);
        assertThat(Math.round(bitOps / 0x1p30 * 100) / 100.0).isEqualTo(published);
    }

    /** As torchvision counts its resnet18 and resnet34. */
    @ParameterizedTest
    @CsvSource({"18, 11689512", "34, 21797672"})
    void resNetsHaveTheirPublishedParameters(int layers, long params) {
        SearchSpace space = SpaceFile.load("spos-resnet" + layers + "-bits");
        assertThat(CountingRule.MACS.count(space.build(drawn(space, 1))).params()).isEqualTo(params);
    }

    /** Of ResNet-18 in 4 bits: what its blocks convolve with takes 4 bits, a byte in a file; stem, batch norm and classifier 32. */
    @Test
    void sizesFollowFromTheBitsOfWeights() {
        StagedSpace space = (StagedSpace) SpaceFile.load("spos-resnet18-bits");
        Network network = space.build(space.withBits(space.architecture(new int[space.genes().size()]), Bits.of("4.2")));
        long quantized = 4 * 64 * 64 * 9 + (64 + 3 * 128) * 128 * 9 + (128 + 3 * 256) * 256 * 9 + (256 + 3 * 512) * 512 * 9
            + 64 * 128 + 128 * 256 + 256 * 512;
        long rest = 11689512 - quantized;
        assertThat(ModelSize.of(network)).isEqualTo(new ModelSize(4 * quantized + 32 * rest, quantized + 4 * rest));
    }

    @Test
    void segmentsHaveKeysOfTheirBitsAndEveryConversionOnce() {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        for (int seed = 0; seed < 20; seed++) {
            Network network = space.build(drawn(space, seed));
            for (Segment segment : network.segments()) {
                long quantizing = segment.ops().stream().filter(Op.Quantize.class::isInstance).count();
                boolean multiplies = segment.name().startsWith("layer");
                boolean projects = segment.ops().stream().anyMatch(op -> op.name().endsWith("project"));
                // a block reads one value, between its convolutions is another, and what is added comes from one or two of them
                assertThat(quantizing).as(segment.name()).isEqualTo(multiplies ? projects ? 4 : 3 : 0);
                assertThat(segment.inputs()).as("what it reads is real").noneMatch(input -> input.equals(quantized(network, input)));
            }
            assertThat(network.segments().stream().flatMap(segment -> segment.ops().stream()).toList()).isEqualTo(network.ops());
        }
        Network two = space.build(space.parse("basic@2,basic@2,basic@4,basic@4,basic@8,basic@8"));
        Network four = space.build(space.parse("basic@2,basic@4,basic@4,basic@4,basic@8,basic@8"));
        assertThat(keys(two).get(1)).isEqualTo(keys(two).get(2)).isNotEqualTo(keys(four).get(2));
        assertThat(keys(two).get(0)).isEqualTo(keys(four).get(0));
        assertThat(keys(two).subList(3, 8)).isEqualTo(keys(four).subList(3, 8));
    }

    /** Each segment by itself, as an agent is given it. */
    @ParameterizedTest
    @ValueSource(strings = {"resnet-bits-cifar", "shufflenetv2-cifar-bits", "spos-resnet18-bits"})
    void sumsOfSegmentsAreThoseOfNetworks(String name) {
        SearchSpace space = SpaceFile.load(name);
        for (int seed = 0; seed < 20; seed++) {
            Network network = space.build(drawn(space, seed));
            long bitOps = 0;
            long params = 0;
            ModelSize size = new ModelSize(0, 0);
            for (Segment segment : network.segments()) {
                Network alone = segment.asNetwork();
                bitOps += CountingRule.BITOPS.count(alone).macs();
                params += CountingRule.MACS.count(alone).params();
                size = new ModelSize(size.bits() + ModelSize.of(alone).bits(), size.bytes() + ModelSize.of(alone).bytes());
            }
            assertThat(bitOps).isEqualTo(CountingRule.BITOPS.count(network).macs()).isPositive();
            assertThat(params).isEqualTo(CountingRule.MACS.count(network).params());
            assertThat(size).isEqualTo(ModelSize.of(network));
        }
    }

    private static Object quantized(Network network, Object input) {
        return network.ops().stream().filter(Op.Quantize.class::isInstance).map(Op::output).filter(input::equals).findFirst().orElse(null);
    }

    /** After ReLU half of a grid with a sign would be wasted. */
    @Test
    void whatIsNeverNegativeHasAGridWithoutASign() {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        Network network = space.build(space.parse("basic@2,basic@2,basic@4,basic@4,basic@8,basic@8"));
        assertThat(network.ops()).filteredOn(op -> op instanceof Op.Quantize && op.name().contains(".input")).hasSize(12)
            .allSatisfy(op -> assertThat(((Op.Quantize) op).signed()).as(op.name()).isFalse());
        assertThat(network.ops()).filteredOn(op -> op instanceof Op.Quantize && op.name().contains(".output")).hasSize(8)
            .allSatisfy(op -> assertThat(((Op.Quantize) op).signed()).as(op.name()).isTrue())
            .allSatisfy(op -> assertThat(((Op.Quantize) op).bits()).isEqualTo(8));
    }

    @Test
    void choicesOfBitsShareWeightsAndHaveStepsOfTheirOwn() {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        List<String> two = tensors(space.build(space.parse("basic@2,basic@2,basic@2,basic@2,basic@2,basic@2")), Role.STEP);
        List<String> four = tensors(space.build(space.parse("basic@2.4,basic@4,basic@4,basic@4,basic@4,basic@4")), Role.STEP);
        assertThat(two).filteredOn(step -> step.contains("input")).doesNotContainAnyElementsOf(four);
        for (Role role : List.of(Role.CONV_WEIGHT, Role.NORM_SCALE, Role.LINEAR_WEIGHT)) {
            assertThat(tensors(space.build(drawn(space, 1)), role)).isEqualTo(tensors(space.build(drawn(space, 2)), role));
        }
    }

    private static List<String> tensors(Network network, Role role) {
        return network.ops().stream().flatMap(op -> op.weights().stream()).map(weight -> weight.tensor())
            .filter(tensor -> tensor.role() == role).map(tensor -> tensor.name()).toList();
    }

    @Test
    void aSegmentIsShapedByItsOwnGenesAlone() {
        SearchSpace space = SpaceFile.parse("mixed.yaml", MIXED);
        List<List<Integer>> genes = space.segmentGenes().orElseThrow();
        for (int seed = 0; seed < 20; seed++) {
            int[] one = drawn(space, seed).values();
            int[] other = drawn(space, seed + 100).values();
            int segment = 1 + seed % 12;
            genes.get(segment).forEach(gene -> other[gene] = one[gene]);
            assertThat(space.build(space.architecture(other)).segments().get(segment).signature())
                .isEqualTo(space.build(space.architecture(one)).segments().get(segment).signature());
        }
    }

    @Test
    void aShrunkSpaceOffersTheBitsThatAreLeft() {
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        Options options = Options.all(space).without(1, 0).without(1, 8);
        SearchSpace shrunk = SpaceFile.parse("shrunk.yaml", SpaceFile.with(options).orElseThrow());
        assertThat(shrunk.genes().get(1).options()).extracting(Gene.Option::name).containsExactly("2.4", "2.8", "4.2", "4", "4.8", "8.2", "8.4");
        assertThat(shrunk.genes().get(3).options()).isEqualTo(space.genes().get(3).options());
    }

    @Test
    void aSpaceThatExtendsAnotherIsWholeInItsOwnText() {
        SearchSpace space = SpaceFile.parse("mixed.yaml", MIXED);
        String text = space.definition().orElseThrow();
        assertThat(text).doesNotContain("extends");
        assertThat(SpaceFile.parse("again.yaml", text).fingerprint()).isEqualTo(space.fingerprint());
        assertThat(space.title()).isEqualTo(SpaceFile.load("shufflenetv2-cifar-channels").title());
    }

    static Stream<String[]> mistakes() {
        return Stream.of(
            new String[]{"bits: [9]", "my.yaml:3: bits[0]: 9.9 (expected: 2 to 8 bits, or 32 for float32"},
            new String[]{"bits: [8, 8.8]", "my.yaml:3: bits[1]: 8 is there twice (expected: all bits once)"},
            new String[]{"bits: []", "my.yaml:3: bits: none (expected: bits such as"},
            new String[]{"bits: [8, eight]", "my.yaml:3: bits[1]: 'eight' (expected: bits such as 8, or 4.8"},
            new String[]{"bits: {weights: [2], activation: [2]}", "my.yaml:3: bits: no 'activations'"},
            new String[]{"extends: [8]", "given twice"},
            new String[]{"layers: [{block: conv, kernel: 3, bits: [8, 4]}]", "my.yaml:3: layers[0].bits: [8, 4] (expected: one of them in a row"});
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void mistakesAreToldWithTheirPlace(String line, String problem) {
        assertThatThrownBy(() -> SpaceFile.parse("my.yaml", "extends: shufflenetv2-cifar\nname: my\n" + line + "\n"))
            .isInstanceOf(InputException.class).hasMessageContaining(problem);
    }

    @Test
    void onlyKnownSpacesAreExtended() {
        assertThatThrownBy(() -> SpaceFile.parse("my.yaml", "name: my\nextends: nothing\n"))
            .isInstanceOf(InputException.class).hasMessageContaining("my.yaml:2: extends: nothing (expected: one of bs-nas,");
        assertThat(Arrays.asList(SpaceFile.load("shufflenetv2-cifar-bits").definition().orElseThrow().split("\n")))
            .noneMatch(line -> line.startsWith("extends"));
    }

    /** A segment of cells quantizes what it reads itself too, and in 32 bits cells are what they are without. */
    @Test
    void cellsMultiplyInOnePrecision() {
        SearchSpace plain = SpaceFile.load("nao-cell");
        SearchSpace eight = SpaceFile.parse("cells.yaml", "extends: nao-cell\nname: cells\nbits: 8\n");
        Architecture architecture = drawn(plain, 3);
        Network network = eight.build(eight.parse(architecture.toString()));
        assertThat(network.ops()).filteredOn(Op.Conv.class::isInstance).hasSizeGreaterThan(100)
            .allMatch(op -> ((Op.Conv) op).bits().equals(Bits.of("8")));
        for (Segment segment : network.segments()) {
            Set<Value> quantized = segment.ops().stream().filter(Op.Quantize.class::isInstance).map(Op::output).collect(Collectors.toSet());
            assertThat(segment.ops()).filteredOn(op -> op instanceof Op.Conv || op instanceof Op.Linear)
                .allMatch(op -> quantized.contains(op.inputs().get(0)) || onGrid(segment, op.inputs().get(0)));
        }
        SearchSpace real = SpaceFile.parse("cells.yaml", "extends: nao-cell\nname: cells\nbits: 32\n");
        assertThat(keys(real.build(real.parse(architecture.toString())))).isEqualTo(keys(plain.build(architecture)));
        assertThatThrownBy(() -> SpaceFile.parse("cells.yaml", "extends: nao-cell\nname: cells\nbits: [8, 4]\n"))
            .isInstanceOf(InputException.class).hasMessage("cells.yaml:3: bits: [8, 4] (expected: one of them in a space of cells)");
    }

    /** Of ops that leave points of a grid where they are. */
    private static boolean onGrid(Segment segment, Value value) {
        return segment.ops().stream().filter(op -> op.output().equals(value)).anyMatch(
            op -> op instanceof Op.Flatten || op instanceof Op.Dropout);
    }
}

package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold in every space, and what is particular to some. */
class BuiltInSpacesTest {

    private static final int SAMPLES = 30;
    private static final String NAONET_V2 = "1 1 0 1 2 4 0 0 0 0 2 1 0 0 0 2 0 3 0 0 0 2 0 2 2 2 1 0 0 0 0 1 0 0 0 3 0 0 0 1";

    @ParameterizedTest
    @CsvSource({"spos-shufflenetv2, 4^20", "spos-shufflenetv2-channels, 32^20", "oneshot, 40^20", "oneshot-s-plus, 40^20",
        "oneshot-s-plus-8, 32^20", "mmrazor-spos, 4^20", "proxyless-gpu, 6^6*7^15", "mmrazor-proxyless-gpu, 7^21", "proxylessnas, 6^6*7^15",
        "proxylessnas-24, 6^6*7^15", "proxylessnas-cpu, 6^6*7^15", "proxylessnas-mobile-14, 6^6*7^15", "fairnas, 6^19",
        "fairnas-se, 6^19", "fairnas-se-half, 6^19", "fairnas-cifar, 6^9", "moga, 12^14", "moga-cifar, 12^7",
        "single-path-nas, 5^15*4^5", "single-path-cifar, 4^3*5^7", "single-path-cifar-se, 8^3*9^7", "fbnet, 9^22", "fbnet-a, 9^22",
        "fbnet-2019, 9^22", "fbnet-2019-a, 9^22",
        "fbnet-c-2019, 1^1",
        "shufflenetv2-plus-small, 1^1", "shufflenetv2-plus-medium, 1^1", "shufflenetv2-plus-large, 1^1",
        "ofa-mobilenetv3-12, 9^10*10^10", "tf-nas, 8^6*9^12", "bs-nas, 12^6*13^15",
        "nao-cell, 55^2*120^2*210^2*325^2*465^2",
        "nao-cell-36x6, 55^2*120^2*210^2*325^2*465^2", "nao-cell-52x4, 55^2*120^2*210^2*325^2*465^2", "shufflenetv2-cifar, 4^12",
        "shufflenetv2-cifar-channels, 40^12", "shufflenetv2-cifar-channels-se, 40^12"})
    void sizesAreExact(String name, String power) {
        BigInteger expected = BigInteger.ONE;
        for (String factor : power.split("\\*")) {
            String[] parts = factor.split("\\^");
            expected = expected.multiply(new BigInteger(parts[0]).pow(Integer.parseInt(parts[1])));
        }
        assertThat(SpaceFile.load(name).size()).isEqualTo(expected);
    }

    /** What AngleNAS's table has too is the same network in MMRazor's, and an identity that changes the shape is a convolution. */
    @Test
    void mmrazorsIdentityStandsInEveryLayer() {
        SearchSpace everywhere = SpaceFile.load("mmrazor-proxyless-gpu");
        String searched = "2 2 -1 0 0 -1 -1 0 5 -1 4 4 0 0 4 2 3 4 4 4 3".replace(' ', ',').replace("-1", "skip");
        assertThat(Cost.of(everywhere.build(everywhere.parse(searched))).macs()).isEqualTo(470_792_064);
        Network none = everywhere.build(everywhere.parse(String.join(",", Collections.nCopies(21, "skip"))));
        // six 1x1 convolutions between stem, first block and last convolution: 24, 32, 56, 112, 128, 256, 432 channels
        long projections = 56 * 56 * 24 * 32 + 28 * 28 * 32 * 56 + 14 * 14 * (56 * 112 + 112 * 128) + 7 * 7 * (128 * 256 + 256 * 432);
        long rest = 112 * 112 * (27 * 40 + 9 * 40 + 40 * 24) + 7 * 7 * 432 * 1728 + 1728 * 1000;
        assertThat(Cost.of(none).macs()).isEqualTo(projections + rest);
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void everySpaceSaysWhatItIs(String name) {
        SearchSpace space = SpaceFile.load(name);
        assertThat(space.name()).isEqualTo(name);
        assertThat(space.title()).isNotBlank();
        assertThat(space.source()).isNotBlank();
    }

    /** What is built in is not tried out when it is loaded, as a file is: here is where it is. */
    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void everyOptionStandsWhereItIs(String name) {
        SearchSpace loaded = SpaceFile.load(name);
        SearchSpace triedOut = SpaceFile.parse(name, loaded.definition().orElseThrow());
        assertThat(triedOut.genes()).isEqualTo(loaded.genes());
        assertThat(triedOut.size()).isEqualTo(loaded.size());
        assertThat(triedOut.fingerprint()).isEqualTo(loaded.fingerprint());
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void textFormsRoundTrip(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(7);
        for (int i = 0; i < SAMPLES; i++) {
            Architecture architecture = space.random(random);
            assertThat(space.parse(architecture.toString())).isEqualTo(architecture).hasToString(architecture.toString());
            assertThat(space.architecture(architecture.values())).isEqualTo(architecture);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void segmentsHoldEveryOpOnceAndTheirCostsAddUp(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(11);
        for (int i = 0; i < SAMPLES; i++) {
            Network network = space.build(space.random(random));
            assertThat(network.output().shape()).isEqualTo(Shape.vector(space.classes()));
            assertThat(network.segments()).extracting(Segment::name).doesNotHaveDuplicates();
            for (CountingRule rule : CountingRule.values()) {
                Cost whole = rule.count(network.ops());
                long macs = network.segments().stream().mapToLong(segment -> rule.count(segment.ops()).macs()).sum();
                assertThat(macs).isEqualTo(whole.macs());
            }
            assertThat(Cost.of(network).params()).isEqualTo(network.ops().stream().flatMap(op -> op.weights().stream())
                .filter(weight -> weight.tensor().role().isCounted()).mapToLong(Weight::elements).sum());
        }
    }

    /** One gene after the other changed at random: always a network, and a new one exactly when the architecture is new. */
    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void architecturesAreEqualExactlyWhenTheirNetworksAre(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(13);
        int[] values = space.random(random).values();
        Architecture before = space.architecture(values);
        String network = wiring(space.build(before));
        for (int i = 0; i < SAMPLES; i++) {
            int gene = random.nextInt(values.length);
            values[gene] = random.nextInt(space.genes().get(gene).size());
            Architecture after = space.architecture(values);
            String next = wiring(space.build(after));
            assertThat(after.equals(before)).as("%s and %s", before, after).isEqualTo(next.equals(network));
            before = after;
            network = next;
        }
    }

    private static String wiring(Network network) {
        return new Segment("all", network.ops(), network.inputs(), network.outputs()).signature();
    }

    /** Whatever is chosen elsewhere, a name stands for one tensor. */
    @ParameterizedTest
    @MethodSource("dev.lutra.space.SpaceFile#builtIn")
    void sharedTensorsHaveOneExtent(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(17);
        Map<String, SharedTensor> tensors = new HashMap<>();
        for (int i = 0; i < SAMPLES; i++) {
            for (Op op : space.build(space.random(random)).ops()) {
                for (Weight weight : op.weights()) {
                    SharedTensor first = tensors.putIfAbsent(weight.tensor().name(), weight.tensor());
                    assertThat(first == null ? weight.tensor() : first).isEqualTo(weight.tensor());
                }
            }
        }
    }

    @Test
    void candidatesOfSinglePathNasArePartsOfOneKernel() {
        SearchSpace space = SpaceFile.load("single-path-nas");
        int[] values = new int[20];
        Map<String, Weight> kernels = new HashMap<>();
        for (int choice = 0; choice < 4; choice++) {
            values[0] = choice;
            for (Op op : space.build(space.architecture(values)).segments().get(1).ops()) {
                if (op.name().endsWith("superkernel.depthwise")) {
                    kernels.put(space.genes().get(0).options().get(choice).name(), op.weights().get(0));
                }
            }
        }
        assertThat(kernels.values()).extracting(Weight::tensor).hasSize(4).containsOnly(kernels.get("k5e6").tensor());
        assertThat(kernels.get("k5e6").view()).isEqualTo(new Weight.Whole());
        assertThat(kernels.get("k5e3").view()).isEqualTo(new Weight.Box(List.of(0, 0, 0, 0), List.of(48, 1, 5, 5)));
        assertThat(kernels.get("k3e3").view()).isEqualTo(new Weight.Box(List.of(0, 0, 1, 1), List.of(48, 1, 3, 3)));
    }

    @Test
    void springBlocksUseTheFirstChannels() {
        SearchSpace space = SpaceFile.load("bs-nas");
        int[] values = new int[space.genes().size()];
        values[1] = 1;
        Op.Conv project = (Op.Conv) op(space.build(space.architecture(values)), "layer1.k3.project");
        assertThat(project.weight().tensor().dims()).containsExactly(32, 96, 1, 1);
        assertThat(project.weight().dims()).containsExactly(32, 48, 1, 1);
    }

    private static Op op(Network network, String name) {
        return network.ops().stream().filter(op -> op.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void publishedNumbersAndAliasesAreRead() {
        SearchSpace proxyless = SpaceFile.load("proxyless-gpu");
        String published = "2 2 -1 0 0 -1 -1 0 5 -1 4 4 0 0 4 2 3 4 4 4 3".replace(' ', ',');
        assertThat(proxyless.parse(published)).isEqualTo(proxyless.parse(published.replace("-1", "6")))
            .isEqualTo(proxyless.parse(published.replace("-1", "identity")));
        SearchSpace searched = SpaceFile.load("oneshot-s-plus-8");
        SearchSpace all = SpaceFile.load("oneshot-s-plus");
        String ids = String.join(",", Collections.nCopies(20, "1:9"));
        assertThat(searched.parse(ids)).hasToString(all.parse(ids).toString());
    }

    /** MACs and parameters of SPOS's blocks in closed form, of random kernels and widths. */
    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar-channels", "shufflenetv2-cifar-channels-se"})
    void everyBlockHasAWidthOfItsOwn(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(3);
        for (int sample = 0; sample < SAMPLES; sample++) {
            long macs = 32 * 32 * 27 * 16 + 4 * 4 * 192 * 384 + 384 * 10;
            long params = 27 * 16 + 2 * 16 + 192 * 384 + 2 * 384 + 384 * 10;
            List<String> entries = new ArrayList<>();
            int in = 16;
            int side = 32;
            for (int block = 0; block < 12; block++) {
                int kernel = List.of(3, 5, 7).get(random.nextInt(3));
                int scale = 2 * (1 + random.nextInt(10)); // tenths
                entries.add("k" + kernel + ":" + scale / 10 + "." + scale % 10);
                int out = 48 << block / 4;
                int stride = block % 4 == 0 ? 2 : 1;
                int after = side / stride;
                int main = stride == 2 ? in : in / 2;
                int made = stride == 2 ? out - in : out / 2;
                int mid = out / 2 * scale / 10;
                macs += (long) side * side * main * mid + (long) after * after * (kernel * kernel * mid + mid * made);
                params += main * mid + 2 * mid + kernel * kernel * mid + 2 * mid + mid * made + 2 * made;
                if (stride == 2) {
                    macs += (long) after * after * (kernel * kernel * in + in * in);
                    params += kernel * kernel * in + 2 * in + in * in + 2 * in;
                }
                if (name.endsWith("-se") && block >= 4) {
                    int squeezed = (made / 4 + 7) / 8 * 8;
                    macs += 2L * made * squeezed;
                    params += 2L * made * squeezed + squeezed + made;
                }
                in = out;
                side = after;
            }
            Cost cost = Cost.of(space.build(space.parse(String.join(",", entries))));
            assertThat(cost.macs()).as("%s", entries).isEqualTo(macs);
            assertThat(cost.params()).as("%s", entries).isEqualTo(params);
        }
    }

    @Test
    void publishedCellsAreReadInTheirOwnOrder() {
        SearchSpace space = SpaceFile.load("nao-cell");
        Architecture naonet = space.parse(NAONET_V2);
        assertThat(naonet.toString()).startsWith("0,sep5,1,sep5,0,sep3,2,identity,");
        String swapped = NAONET_V2.replaceFirst("1 1 0 1", "0 1 1 1");
        assertThat(swapped).isNotEqualTo(NAONET_V2);
        assertThat(space.parse(swapped)).isEqualTo(naonet);
        assertThat(space.build(naonet).segments()).hasSize(13);
    }

    /** The states that no node of the published cells reads, one after the other: 3 of the normal one, 4 of the reduction. */
    @ParameterizedTest
    @CsvSource({"nao-cell-36x6, 36, 6, 1", "nao-cell-52x4, 52, 4, 3"})
    void cellsThatAreRetrainedConcatenateTheirStates(String name, int channels, int cells, int stems) {
        SearchSpace space = SpaceFile.load(name);
        assertThat(space.genes()).isEqualTo(SpaceFile.load("nao-cell").genes());
        Network network = space.build(space.parse(NAONET_V2));
        Map<String, Integer> widths = network.segments().stream().filter(segment -> segment.name().startsWith("cell"))
            .collect(Collectors.toMap(Segment::name, segment -> segment.outputs().get(segment.outputs().size() - 1).shape().channels()));
        assertThat(widths).hasSize(3 * cells + 2);
        int normal = widths.get("cell1");
        assertThat(normal % channels).isZero();
        assertThat(normal).isGreaterThan(channels);
        assertThat(widths.get("cell" + (3 * cells + 2))).isEqualTo(4 * normal);
        assertThat(network.ops()).anyMatch(op -> op instanceof Op.Concat);
        Map<String, List<Integer>> shapes = new HashMap<>();
        Random random = new Random(1);
        for (int i = 0; i < 5; i++) {
            space.build(space.random(random)).ops().stream().flatMap(op -> op.weights().stream()).map(Weight::tensor)
                .forEach(
                    tensor -> assertThat(shapes.merge(tensor.name(), tensor.dims(), (one, other) -> one)).as(tensor.name()).isEqualTo(tensor.dims()));
        }
    }

    /** A stride gives ⌈size / 2⌉, so that odd sizes meet again: 30, 15, 8, 4. */
    @ParameterizedTest
    @ValueSource(ints = {8, 9, 15, 29, 30, 31, 33})
    void cellsFitAtAnyImageSize(int size) {
        SearchSpace space = SpaceFile.load("nao-cell").withImageSize(size);
        Random random = new Random(size);
        for (int i = 0; i < 5; i++) {
            assertThat(space.build(space.random(random)).output().shape()).isEqualTo(Shape.vector(space.classes()));
        }
    }

    @Test
    void classesAndImageSizeChange() {
        SearchSpace space = SpaceFile.load("fairnas").withClasses(10).withImageSize(64);
        Network network = space.build(space.random(new Random(1)));
        assertThat(network.input().shape()).isEqualTo(Shape.image(3, 64, 64));
        assertThat(network.output().shape()).isEqualTo(Shape.vector(10));
    }
}

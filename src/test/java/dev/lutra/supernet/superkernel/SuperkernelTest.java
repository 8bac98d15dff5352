package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.data.Batch;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A row of choices as one kernel: what it computes, what it decides, and which rows are none. */
class SuperkernelTest {

    private static final int PATHS = 6;

    static Stream<SearchSpace> spaces() {
        return Stream.of(NestedSpaces.plain(), NestedSpaces.excited(), SpaceFile.load("single-path-cifar"),
            SpaceFile.load("single-path-cifar-se"), SpaceFile.load("ofa-mobilenetv3-12").withImageSize(32),
            SharedRows.of(SpaceFile.load("fairnas-cifar")), SharedRows.of(NestedSpaces.partial()));
    }

    static Stream<Arguments> gatedSpaces() {
        return Stream.of("output", "kernel").flatMap(gate -> spaces().map(space -> Arguments.of(gate, space)));
    }

    private static SuperkernelSampling settings(String yaml) {
        return SuperkernelSampling.of(new LayeredSettings(List.of(YamlNode.parse("test.yaml", yaml))));
    }

    /** Decisions for an architecture; those that it leaves open are drawn. */
    private static List<double[]> decisions(SearchSpace space, Architecture architecture, Random random) {
        return NestedRow.of(space).stream().map(row -> {
            Optional<NestedRow.Part> part = row.options().get(architecture.value(row.gene()));
            return row.decisions().stream().mapToDouble(decision -> {
                boolean open = part.isEmpty() && decision.kind() != NestedRow.Kind.PRESENCE;
                boolean on = open ? random.nextBoolean() : switch (decision.kind()) {
                    case KERNEL -> part.get().kernel() >= decision.level();
                    case EXPANSION -> part.get().expansion() >= decision.level();
                    case PRESENCE -> part.isPresent();
                    case EXCITATION -> part.get().excited();
                };
                return on ? 1 : 0;
            }).toArray();
        }).toList();
    }

    /** Thresholds that give decisions. */
    private static void decide(SearchSpace space, List<double[]> decisions, SupernetWeights weights) {
        List<NestedRow> rows = NestedRow.of(space);
        Architecture largest = NestedRow.largest(space, rows);
        for (int row = 0; row < rows.size(); row++) {
            RowKernel kernel = new RowKernel(space, rows.get(row), largest, Norm.RELATIVE, RowKernel.Gate.OUTPUT);
            for (int i = 0; i < decisions.get(row).length; i++) {
                weights.set(kernel.thresholds().get(i).tensor(), new float[]{decisions.get(row)[i] == 1 ? -1 : 1000});
            }
        }
    }

    /** Shifts and biases that matter, where all would be 0. */
    private static void shift(Network network, SupernetWeights weights, Random random) {
        for (Op op : network.ops()) {
            for (Weight weight : op.weights()) {
                if (weight.tensor().role() == Role.NORM_SHIFT || weight.tensor().role() == Role.BIAS) {
                    float[] values = new float[Math.toIntExact(weight.tensor().elements())];
                    for (int i = 0; i < values.length; i++) {
                        values[i] = (float) random.nextGaussian();
                    }
                    weights.set(weight.tensor(), values);
                }
            }
        }
    }

    /** What a row computes at decisions of 0 and 1 is what the option computes that they stand for. */
    @ParameterizedTest
    @MethodSource("gatedSpaces")
    void atHardDecisionsItIsTheNetworkThatTheyStandFor(String gate, SearchSpace space) {
        Random random = new Random(5);
        for (int i = 0; i < PATHS; i++) {
            Architecture architecture = space.random(random);
            assertThat(computed(gate, space, decisions(space, architecture, random), random)).isEqualTo(architecture);
        }
    }

    /** Where decisions come to what is not on offer, the option is computed that holds it. */
    @ParameterizedTest
    @ValueSource(strings = {"output", "kernel"})
    void whatIsNotOnOfferIsComputedAsWhatHoldsIt(String gate) {
        SearchSpace space = SharedRows.of(NestedSpaces.partial());
        Random random = new Random(6);
        for (int i = 0; i < 5 * PATHS; i++) {
            computed(gate, space,
                NestedRow.of(space).stream().map(row -> random.ints(row.decisions().size(), 0, 2).asDoubleStream().toArray()).toList(),
                random);
        }
    }

    /** Makes sure that the largest network with decisions computes what the architecture does that they stand for, and gives that. */
    private static Architecture computed(String gate, SearchSpace space, List<double[]> decisions, Random random) {
        Network all = space.build(NestedRow.largest(space, NestedRow.of(space)));
        Architecture architecture = NestedRow.architecture(space, NestedRow.of(space), decisions);
        Batch batch = TestNetworks.randomBatch(4, space.input().height(), space.classes(), 1);
        SuperkernelSampling settings = settings("{lambda: 0, warm-up: 0, gate: " + gate + "}");
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu()); NDManager manager = weights.newManager()) {
            shift(all, weights, random);
            decide(space, decisions, weights);
            assertThat(settings.decode(space, weights)).isEqualTo(architecture);
            Parameters plain = weight -> Views.detached(weights.tensor(weight.tensor()), weight, manager);
            Superkernel superkernel = new Superkernel(settings, space, Map.of(), Optional.empty());
            Relaxation.Relaxed relaxed = superkernel.at(1, 0, 1).begin(plain, manager);
            assertThat(superkernel.decided().orElseThrow().architecture()).isEqualTo(architecture.toString());
            float[] alone = Forward.training(TestNetworks.withoutDropout(space.build(architecture)), plain, new BatchStatistics(manager),
                Images.of(batch, manager)).toFloatArray();
            float[] within = Forward.training(TestNetworks.withoutDropout(all), relaxed.parameters(), new BatchStatistics(manager),
                Images.of(batch, manager)).toFloatArray();
            double range = 1e-6;
            for (float value : alone) {
                range = Math.max(range, Math.abs(value));
            }
            for (int j = 0; j < alone.length; j++) {
                assertThat((double) within[j]).as(architecture.toString()).isCloseTo(alone[j], within(2e-3 * range));
            }
        }
        return architecture;
    }

    /** However a space's file has their weights, networks stay what they are to a device, and to whoever counts them. */
    @ParameterizedTest
    @ValueSource(strings = {"fairnas", "proxylessnas", "moga-cifar"})
    void rowsOfOneBlocksPartsShareItsWeights(String name) {
        SearchSpace space = SpaceFile.load(name);
        SuperkernelSampling settings = settings("{lambda: 1}");
        SearchSpace shared = settings.trained(space);
        assertThat(settings.problemIn(space)).isEmpty();
        assertThat(settings.trained(shared)).isSameAs(shared);
        assertThat(keys(shared)).isEqualTo(keys(space));
        Architecture largest = NestedRow.largest(space, NestedRow.of(space));
        Set<Weight> whole = weights(shared.build(largest)).collect(Collectors.toSet());
        Random random = new Random(7);
        for (int i = 0; i < 20; i++) {
            Architecture architecture = space.random(random);
            Network network = shared.build(shared.parse(architecture.toString()));
            assertThat(Cost.of(network.ops())).isEqualTo(Cost.of(space.build(architecture).ops()));
            assertThat(weights(network).map(Weight::tensor)).isSubsetOf(whole.stream().map(Weight::tensor).toList());
        }
    }

    private static List<String> keys(SearchSpace space) {
        return SegmentCatalog.of(space).items().stream().map(SegmentCatalog.Item::key).sorted().toList();
    }

    private static Stream<Weight> weights(Network network) {
        return network.ops().stream().flatMap(op -> op.weights().stream());
    }

    /** What is not on offer stands for the smallest that holds it. */
    @Test
    void decisionsComeToWhatIsOnOffer() {
        NestedRow row = NestedRow.of(NestedSpaces.partial()).get(0);
        // kernel5, kernel7, expand4, presence, excitation
        assertThat(row.decisions()).hasSize(5);
        Map<String, String> chosen = new LinkedHashMap<>();
        List<String> names = NestedSpaces.partial().genes().get(0).options().stream().map(Gene.Option::name).toList();
        row.everyDecision().forEach(decisions -> {
            List<Double> shares = Arrays.stream(row.shares(decisions)).boxed().toList();
            assertThat(shares).containsOnlyOnce(1.0).allMatch(share -> share == 0 || share == 1);
            chosen.put(Arrays.stream(decisions).mapToObj(decision -> decision == 1 ? "1" : "0").collect(Collectors.joining()),
                names.get(shares.indexOf(1.0)));
        });
        assertThat(chosen).containsEntry("00010", "k3e2").containsEntry("00110", "k3e4").containsEntry("10111", "k5e4se")
            .containsEntry("11010", "k7e2").containsEntry("11111", "k7e4se").containsEntry("11101", "skip")
            .containsEntry("10010", "k7e2").containsEntry("10110", "k5e4se").containsEntry("00011", "k5e4se").containsEntry("11110", "k7e4se")
            .containsEntry("01010", "k3e2");
    }

    @Test
    void rowsThatAreNotNestedAreNamed() {
        refused("tf-nas", "layer1: k3e3se and k3e6se differ in squeeze-excite (expected: the same for all, its ratio of scaled-channels)");
        refused("fbnet", "layer1: skip projects (expected: parts of one inverted bottleneck, or skip where the shape stays)");
        refused("shufflenetv2-cifar", "layer1: k3 (expected: parts of one inverted bottleneck, or skip where the shape stays)");
        refused("bs-nas", "layer1: channel scales (expected: none: expansions are its widths)");
        refused("nao-cell", "nao-cell: cells (expected: rows of nested inverted bottlenecks)");
        refused(Map.of("a", "mb, kernel: 3, expand: 2", "b", "mb, kernel: 5, expand: 2, activation: swish"),
            "differ in activation (expected: options");
        refused(Map.of("a", "mb, kernel: 3, expand: 2", "b", "mb, kernel: 3, expand: 2, groups: 2"), "differ in groups (expected: options");
        refused(Map.of("a", "mb, kernel: 3, expand: 2", "b", "mb, kernel: 5, expand: 2, residual: false"), "differ in residual (expected: options");
        refused(Map.of("a", "mb, kernel: 3, expand: 2, residual: false", "skip", "skip"),
            "layer1: a has no shortcut (expected: one, as skip is among the options)");
        refused(Map.of("a", "mb, kernel: 3, expand: 2, depthwise-repeats: 2"), "layer1: a has 2 depthwise convolutions (expected: one)");
        refused(Map.of("a", "mb, kernel: 3, expand: 2, groups: 2", "b", "mb, kernel: 3, expand: 4, groups: 2"),
            " has 2 groups (expected: 1: smaller expansions are the first channels of the largest)");
        refused(Map.of("a", "mb, kernel: 3, expand: 1", "b", "mb, kernel: 3, expand: 4"),
            "layer1: a has no first 1x1 convolution, as its expansion is 1 (expected: expand-at-1: true, or larger expansions alone)");
        refused(new TreeMap<>(Map.of("a", "mb, kernel: 3, expand: 2", "b", "mb, kernel: 3, expand: 2")),
            "layer1: a and b are alike (expected: every combination of kernel, expand and se once)");
        refused(Map.of("a", "mb, kernel: 3, expand: 4", "b", "mb, kernel: 5, expand: 2"),
            "layer1: no option of kernel 5, expand 4.0 (expected: one, as all others are parts of it: it is what is trained)");
        refused(Map.of("skip", "skip"), "layer1: no block (expected: an inverted bottleneck)");
    }

    private static void refused(String space, String line) {
        refused(SpaceFile.load(space), line);
        assertThatThrownBy(() -> NestedRow.of(SpaceFile.load(space))).isInstanceOf(InputException.class).hasMessage(line);
    }

    private static void refused(Map<String, String> options, String line) {
        refused(NestedSpaces.row(options), line);
    }

    private static void refused(SearchSpace space, String line) {
        SuperkernelSampling settings = settings("{lambda: 1}");
        assertThat(settings.problemIn(space)).hasValueSatisfying(problem -> assertThat(problem).contains(line));
        assertThat(settings.trained(space)).isSameAs(space);
    }
}

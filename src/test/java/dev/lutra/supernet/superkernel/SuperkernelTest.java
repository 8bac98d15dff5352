package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A row of choices as one kernel: what it computes, what it decides, and which rows are none. */
class SuperkernelTest {

    private static final int PATHS = 6;

    static Stream<SearchSpace> spaces() {
        return Stream.of(NestedSpaces.plain(), NestedSpaces.excited(), SpaceFile.load("single-path-cifar"),
            SpaceFile.load("single-path-cifar-se"), SpaceFile.load("ofa-mobilenetv3-12").withImageSize(32));
    }

    static Stream<Arguments> gatedSpaces() {
        return Stream.of("output", "kernel").flatMap(gate -> spaces().map(space -> Arguments.of(gate, space)));
    }

    private static SuperkernelSampling settings(String yaml) {
        return SuperkernelSampling.of(new LayeredSettings(List.of(YamlNode.parse("test.yaml", yaml))));
    }

    /** Thresholds that say what an architecture has; those that it leaves open are drawn. */
    private static void decide(SearchSpace space, Architecture architecture, SupernetWeights weights, Random random) {
        List<NestedRow> rows = NestedRow.of(space);
        Architecture largest = NestedRow.largest(space, rows);
        for (NestedRow row : rows) {
            Optional<NestedRow.Part> part = row.options().get(architecture.value(row.gene()));
            RowKernel kernel = new RowKernel(space, row, largest, Norm.RELATIVE, RowKernel.Gate.OUTPUT);
            for (int i = 0; i < row.decisions().size(); i++) {
                NestedRow.Decision decision = row.decisions().get(i);
                boolean open = part.isEmpty() && decision.kind() != NestedRow.Kind.PRESENCE;
                boolean on = open ? random.nextBoolean() : switch (decision.kind()) {
                    case KERNEL -> part.get().kernel() >= decision.level();
                    case EXPANSION -> part.get().expansion() >= decision.level();
                    case PRESENCE -> part.isPresent();
                    case EXCITATION -> part.get().excited();
                };
                weights.set(kernel.thresholds().get(i).tensor(), new float[]{on ? -1 : 1000});
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
        Network all = space.build(NestedRow.largest(space, NestedRow.of(space)));
        Batch batch = TestNetworks.randomBatch(4, space.input().height(), space.classes(), 1);
        SuperkernelSampling settings = settings("{lambda: 0, warm-up: 0, gate: " + gate + "}");
        for (int i = 0; i < PATHS; i++) {
            try (SupernetWeights weights = new SupernetWeights(3, Device.cpu()); NDManager manager = weights.newManager()) {
                shift(all, weights, random);
                Architecture architecture = space.random(random);
                decide(space, architecture, weights, random);
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
        }
    }

    @Test
    void rowsThatAreNotNestedAreNamed() {
        refused("tf-nas", "layer1: k3e3 and k3e6 have weights of their own (expected: options that share one block's)");
        refused("shufflenetv2-cifar", "layer1: k3 (expected: parts of one inverted bottleneck, or skip)");
        refused("bs-nas", "layer1: channel scales (expected: none: expansions are its widths)");
        refused("nao-cell", "nao-cell: cells (expected: rows of nested inverted bottlenecks)");
    }

    private static void refused(String space, String line) {
        assertThat(settings("{lambda: 1}").problemIn(SpaceFile.load(space))).contains(line);
        assertThatThrownBy(() -> NestedRow.of(SpaceFile.load(space))).isInstanceOf(InputException.class).hasMessage(line);
    }
}

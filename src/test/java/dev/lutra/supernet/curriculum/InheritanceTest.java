package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InheritanceTest {

    private static final TrainingSettings SETTINGS = new TrainingSettings(1, 8, Curriculum.of(Sampling.uniform()), 0.1, 0,
        Schedule.COSINE, 0.9, 1e-2, 0.1, 3);

    @TempDir
    Path folder;

    private SearchSpace space;
    private Architecture path;

    @BeforeEach
    void readSpace() throws Exception {
        space = TestNetworks.space(folder);
        path = space.parse("k3:1.0,k3:1.0,k3:1.0,k3:1.0");
    }

    private static Batch batch(long seed) {
        return TestNetworks.randomBatch(8, 16, 4, seed);
    }

    private void train(SupernetWeights weights, boolean learnsBatchNorm) {
        try (Learner learner = new Learner(weights, SETTINGS, learnsBatchNorm)) {
            for (int step = 0; step < 5; step++) {
                learner.step(List.of(space.build(path)), batch(step), 0.1, step);
            }
        }
    }

    private static float[] logits(Network network, SupernetWeights weights) {
        try (NDManager manager = weights.newManager()) {
            Parameters parameters = weight -> Views.detached(weights.tensor(weight.tensor()), weight, manager);
            return Forward.inference(network, parameters, new BatchStatistics(manager), Images.of(batch(9), manager))
                .toFloatArray();
        }
    }

    private float[] logits(String architecture, SupernetWeights weights) {
        return logits(space.build(space.parse(architecture)), weights);
    }

    private float[] read(SupernetWeights weights, String architecture, String name) {
        return space.build(space.parse(architecture)).ops().stream().flatMap(op -> op.weights().stream())
            .filter(weight -> weight.tensor().name().equals(name)).findFirst().map(weights::read).orElseThrow();
    }

    @Test
    void aLargerKernelDoesWhatThePathsDid() {
        for (boolean learnsBatchNorm : new boolean[]{false, true}) {
            try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
                train(weights, learnsBatchNorm);
                float[] before = logits("k3:1.0,k3:1.0,k3:1.0,k3:1.0", weights);
                assertThat(distance(logits("k5:1.0,k3:1.0,k5:1.0,k5:1.0", weights), before)).isGreaterThan(0.01);
                Inheritance.handOn(path, space, weights);
                assertThat(logits("k3:1.0,k3:1.0,k3:1.0,k3:1.0", weights)).isEqualTo(before);
                assertThat(logits("k5:1.0,k3:1.0,k5:1.0,k5:1.0", weights)).containsExactly(before, within(1e-4f));
            }
        }
    }

    private static double distance(float[] a, float[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    @Test
    void aDeeperOptionHasThePathsConvolutionsAndTheIdentityAroundThem() {
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
            train(weights, false);
            Inheritance.handOn(path, space, weights);
            String deeper = "k3:1.0,xception:1.0,k3:1.0,k3:1.0";
            String shallow = path.toString();
            assertThat(read(weights, deeper, "layer2.xception.first.pointwise.weight"))
                .isEqualTo(read(weights, shallow, "layer2.k3.expand.weight"));
            assertThat(read(weights, deeper, "layer2.xception.second.depthwise.weight"))
                .isEqualTo(read(weights, shallow, "layer2.k3.depthwise.weight"));
            assertThat(read(weights, deeper, "layer2.xception.second.pointwise.weight"))
                .isEqualTo(read(weights, shallow, "layer2.k3.project.weight"));
            float[] identity = read(weights, deeper, "layer2.xception.third.pointwise.weight");
            Set<Float> noise = new HashSet<>();
            for (int out = 0; out < 8; out++) {
                for (int in = 0; in < 8; in++) {
                    float expected = out == in ? 1 : 0;
                    assertThat(identity[out * 8 + in]).isNotEqualTo(expected).isCloseTo(expected, within(0.3f));
                    noise.add(identity[out * 8 + in] - expected);
                }
            }
            assertThat(noise).as("channels part").hasSizeGreaterThan(60);
        }
    }

    @Test
    void channelsThatBeginAsCopiesPart() {
        SharedTensor conv = new SharedTensor("conv", List.of(6, 2, 1, 1), Role.CONV_WEIGHT);
        float[] values = Inheritance.identity(conv, new RandomWeights(1).read(conv));
        for (int out = 0; out + 2 < 6; out++) {
            assertThat(Arrays.copyOfRange(values, 2 * out, 2 * out + 2)).as("channel %d and its copy", out)
                .isNotEqualTo(Arrays.copyOfRange(values, 2 * out + 4, 2 * out + 6));
        }
    }

    @Test
    void everyOptionOfACellInherits() {
        SearchSpace cells = SpaceFile.load("nao-cell").withImageSize(8);
        Architecture first = FirstPath.of(cells);
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
            Set<String> trained = new HashSet<>();
            for (Op op : cells.build(first).ops()) {
                op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role() == Role.CONV_WEIGHT).forEach(tensor -> {
                    weights.start(tensor, weights.first(tensor));
                    trained.add(tensor.name());
                });
            }
            Inheritance.handOn(first, cells, weights);
            SplittableRandom random = new SplittableRandom(5);
            for (int i = 0; i < 50; i++) {
                for (Op op : cells.build(cells.random(random)).ops()) {
                    if (op instanceof Op.Conv conv) {
                        assertThat(weights.isLearned(conv.weight().tensor())).as(conv.name()).isTrue();
                        assertThat(trained.contains(conv.weight().tensor().name())
                            || !Arrays.equals(weights.read(conv.weight()), weights.first(conv.weight().tensor())))
                            .as(conv.name()).isTrue();
                    }
                }
            }
        }
    }

    @Test
    void aSqueezeThatThePathLacksScalesEveryChannelAlike() throws Exception {
        SearchSpace squeezed = SpaceFile.load(Files.writeString(folder.resolve("squeezed.yaml"), """
            name: squeezed
            title: Squeeze-and-excite, or not
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            choices:
              plain: {block: mb, kernel: 3, expand: 2}
              se: {block: mb, kernel: 3, expand: 2, se: true}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [plain, se], channels: 16, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
        Architecture plain = squeezed.parse("plain,plain");
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, false)) {
            for (int step = 0; step < 5; step++) {
                learner.step(List.of(squeezed.build(plain)), batch(step), 0.1, step);
            }
            Inheritance.handOn(plain, squeezed, weights);
            assertThat(logits(squeezed.build(squeezed.parse("se,se")), weights))
                .containsExactly(logits(squeezed.build(plain), weights), within(1e-3f));
        }
    }

    @Test
    void whatWasNotLearnedIsNotHandedOn() {
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
            train(weights, false);
            Inheritance.handOn(path, space, weights);
            assertThat(weights.momenta().keySet()).contains("layer2.k5.expand.weight", "layer2.xception.third.pointwise.weight")
                .noneMatch(name -> name.contains(".bn."));
        }
    }

    @Test
    void commonChannelsAreInheritedAndKernelsCentred() {
        SharedTensor parent = new SharedTensor("a", List.of(1, 1, 3, 3), Role.CONV_WEIGHT);
        float[] values = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        SharedTensor larger = new SharedTensor("b", List.of(1, 1, 5, 5), Role.CONV_WEIGHT);
        assertThat(Inheritance.values(larger, ones(25), parent, values))
            .containsExactly(0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0);
        SharedTensor smaller = new SharedTensor("b", List.of(2, 1, 1, 1), Role.CONV_WEIGHT);
        assertThat(Inheritance.values(smaller, new float[]{-1, -2}, parent, values)).containsExactly(5, -2);
        SharedTensor wide = new SharedTensor("a", List.of(2, 3), Role.LINEAR_WEIGHT);
        SharedTensor narrow = new SharedTensor("b", List.of(3, 2), Role.LINEAR_WEIGHT);
        assertThat(Inheritance.values(narrow, new float[]{-1, -2, -3, -4, -5, -6}, wide, new float[]{1, 2, 3, 4, 5, 6}))
            .containsExactly(1, 2, 4, 5, -5, -6);
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }
}

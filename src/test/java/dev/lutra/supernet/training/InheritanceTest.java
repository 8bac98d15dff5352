package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
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
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InheritanceTest {

    private static final TrainingSettings SETTINGS = new TrainingSettings(1, 8, Sampling.uniform(), 0, 0.1, 0,
        TrainingSettings.Schedule.COSINE, 0.9, 1e-2, 0.1, 3);

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
    void theFirstPathTakesFirstOptionsAndWholeTensors() {
        assertThat(Inheritance.firstPath(space)).isEqualTo(path);
        assertThat(Inheritance.firstPath(SpaceFile.load("shufflenetv2-cifar")).values()).containsOnly(0);
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
            for (int out = 0; out < 8; out++) {
                for (int in = 0; in < 8; in++) {
                    assertThat(identity[out * 8 + in]).isEqualTo(out == in ? 1 : 0);
                }
            }
            assertThat(read(weights, deeper, "layer2.xception.third.depthwise.weight")).startsWith(0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
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

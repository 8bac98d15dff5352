package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Training of few bits. */
class BitsTrainingTest {

    private static final SearchSpace SPACE = SpaceFile.parse("tiny.yaml", """
        name: tiny
        title: Two blocks
        source: This test
        input: {channels: 3, size: 16}
        classes: 4
        choices:
          basic: {block: basic, kernel: 3}
        bits: [2, 4, 8, 32]
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8}
          - {choices: [basic], channels: 8}
          - {choices: [basic], channels: 16, stride: 2}
          - {block: global-pool}
          - {name: classifier, block: linear}
        """);

    private static Network network(String text) {
        return SPACE.build(SPACE.parse(text));
    }

    private static Map<String, SharedTensor> tensors(Network network, Role role) {
        Map<String, SharedTensor> tensors = new LinkedHashMap<>();
        for (Op op : network.ops()) {
            op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role() == role)
                .forEach(tensor -> tensors.put(tensor.name(), tensor));
        }
        return tensors;
    }

    private static Map<String, float[]> values(SupernetWeights weights, Map<String, SharedTensor> tensors) {
        Map<String, float[]> values = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> values.put(name, weights.read(Weight.whole(tensor))));
        return values;
    }

    @Test
    void aStepMovesSharedWeightsAndTheStepsOfItsOwnBitsAlone() {
        Network two = network("basic@2,basic@4");
        Network eight = network("basic@8,basic@8");
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, TrainingSettings.defaults(), true)) {
            Map<String, SharedTensor> latent = tensors(two, Role.CONV_WEIGHT);
            assertThat(tensors(eight, Role.CONV_WEIGHT)).isEqualTo(latent);
            Map<String, SharedTensor> own = tensors(eight, Role.STEP);
            own.keySet().removeAll(tensors(two, Role.STEP).keySet());
            assertThat(own).hasSize(4);
            Map<String, float[]> latentBefore = values(weights, latent);
            Map<String, float[]> stepsBefore = values(weights, tensors(two, Role.STEP));
            Map<String, float[]> otherBefore = values(weights, own);
            learner.step(List.of(two), TestNetworks.randomBatch(8, 16, 4, 1), 0.1, 1);
            values(weights, latent).forEach((name, after) -> assertThat(after).as(name).isNotEqualTo(latentBefore.get(name)));
            values(weights, tensors(two, Role.STEP)).forEach((name, after) -> assertThat(after).as(name).isNotEqualTo(stepsBefore.get(name)));
            values(weights, own).forEach((name, after) -> assertThat(after).as(name).isEqualTo(otherBefore.get(name)));
            assertThat(weights.momenta().keySet()).as("what a checkpoint keeps").containsAll(tensors(two, Role.STEP).keySet())
                .doesNotContainAnyElementsOf(own.keySet());
        }
    }

    /** Also with 2 bits, whose products are far from what they round: the same images are known by heart after some steps. */
    @Test
    void networksOfFewBitsLearn() {
        Batch batch = TestNetworks.randomBatch(16, 16, 4, 1);
        for (String text : List.of("basic@2,basic@2", "basic@4,basic@8", "basic,basic@4")) {
            try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
                Learner learner = new Learner(weights, TrainingSettings.defaults(), true)) {
                double first = learner.step(List.of(network(text)), batch, 0.05, 0).loss();
                double last = 0;
                for (int step = 1; step < 60; step++) {
                    last = learner.step(List.of(network(text)), batch, 0.05, step).loss();
                }
                assertThat(last).as(text + " from " + first).isLessThan(0.75 * first);
            }
        }
    }
}

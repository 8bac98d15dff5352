package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.LayerRates;
import dev.lutra.supernet.descent.Schedule;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearnerTest {

    private static final TrainingSettings SETTINGS = new TrainingSettings(1, 8, Curriculum.of(Sampling.uniform()), 0.1, 0,
        Schedule.COSINE, 0.9, 1e-2, 0.1, 3);
    private static final TrainingSettings PLAIN = new TrainingSettings(1, 8, Curriculum.of(Sampling.uniform()), 0.1, 0,
        Schedule.COSINE, 0, 0, 0.1, 3);

    @TempDir
    Path folder;

    private SearchSpace space;

    @BeforeEach
    void readSpace() throws Exception {
        space = TestNetworks.space(folder);
    }

    private Network network(String architecture) {
        return space.build(space.parse(architecture));
    }

    private static Batch batch(int seed) {
        return TestNetworks.randomBatch(8, 16, 4, seed);
    }

    /** Every learned tensor of these networks, by name. */
    private static Map<String, SharedTensor> learned(Network... networks) {
        Map<String, SharedTensor> tensors = new LinkedHashMap<>();
        for (Network network : networks) {
            for (Op op : network.ops()) {
                for (Weight weight : op.weights()) {
                    Role role = weight.tensor().role();
                    if (role == Role.CONV_WEIGHT || role == Role.LINEAR_WEIGHT || role == Role.BIAS) {
                        tensors.put(weight.tensor().name(), weight.tensor());
                    }
                }
            }
        }
        return tensors;
    }

    private static Map<String, float[]> values(SupernetWeights weights, Map<String, SharedTensor> tensors) {
        Map<String, float[]> values = new HashMap<>();
        tensors.forEach((name, tensor) -> values.put(name, weights.read(Weight.whole(tensor))));
        return values;
    }

    private static Map<String, float[]> momenta(SupernetWeights weights) {
        Map<String, float[]> values = new HashMap<>();
        weights.momenta().forEach((name, array) -> values.put(name, array.toFloatArray()));
        return values;
    }

    @Test
    void whatAStepDoesNotUseStaysToTheBit() {
        assertOnlyWhatIsUsedMoves(List.of(network("k3:1.0,k5:1.0,xception:1.0,k3:1.0")),
            List.of(network("k3:0.5,xception:1.0,xception:0.5,k3:1.0")));
    }

    /** The box around a wide small kernel and a narrow large one has taps that neither uses: 16 channels times 16 taps. */
    @Test
    void twoCornersOfOneKernelLeaveTheThirdAsItIs() throws Exception {
        SearchSpace elastic = TestNetworks.elasticSpace(folder);
        Network wide = elastic.build(elastic.parse("k3e4,k3e4"));
        Network large = elastic.build(elastic.parse("k5e2,k5e2"));
        boolean[] uses = used(wide).get("layer1.elastic.depthwise.weight");
        boolean[] usesToo = used(large).get("layer1.elastic.depthwise.weight");
        assertThat(IntStream.range(0, uses.length).filter(i -> !uses[i] && !usesToo[i]).count()).isEqualTo(16 * 16);
        assertOnlyWhatIsUsedMoves(List.of(elastic.build(elastic.parse("k5e4,k5e4"))), List.of(wide, large));
        assertOnlyWhatIsUsedMoves(List.of(elastic.build(elastic.parse("k5e4,k5e4"))), List.of(large, wide, large));
    }

    private static void assertOnlyWhatIsUsedMoves(List<Network> first, List<Network> second) {
        Network[] both = Stream.concat(first.stream(), second.stream()).toArray(Network[]::new);
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, false)) {
            learner.step(first, batch(1), 0.1, 1);
            Map<String, SharedTensor> tensors = learned(both);
            Map<String, float[]> before = values(weights, tensors);
            Map<String, float[]> momentaBefore = momenta(weights);
            learner.step(second, batch(2), 0.1, 2);
            Map<String, float[]> after = values(weights, tensors);
            Map<String, float[]> momentaAfter = momenta(weights);

            Map<String, boolean[]> used = used(second.toArray(Network[]::new));
            int still = 0;
            int moved = 0;
            for (String name : tensors.keySet()) {
                float[] momentumBefore = momentaBefore.getOrDefault(name, new float[before.get(name).length]);
                boolean[] uses = used.getOrDefault(name, new boolean[before.get(name).length]);
                for (int i = 0; i < uses.length; i++) {
                    if (uses[i]) {
                        moved += after.get(name)[i] != before.get(name)[i] ? 1 : 0;
                    } else {
                        still++;
                        assertThat(after.get(name)[i]).as("%s [%d]", name, i).isEqualTo(before.get(name)[i]);
                        assertThat(momentaAfter.get(name)[i]).as("%s.momentum [%d]", name, i).isEqualTo(momentumBefore[i]);
                    }
                }
            }
            long usedCount = used.values().stream().mapToLong(flags -> {
                long count = 0;
                for (boolean flag : flags) {
                    count += flag ? 1 : 0;
                }
                return count;
            }).sum();
            assertThat(still).as("weights that the second step does not use").isGreaterThan(300);
            assertThat((double) moved / usedCount).as("share of used weights that moved").isGreaterThan(0.95);
        }
    }

    /** Which elements of each tensor some networks use, found by cutting an array of indices. */
    private static Map<String, boolean[]> used(Network... networks) {
        Map<String, boolean[]> used = new HashMap<>();
        for (Op op : Arrays.stream(networks).flatMap(network -> network.ops().stream()).toList()) {
            for (Weight weight : op.weights()) {
                float[] indices = new float[(int) weight.tensor().elements()];
                for (int i = 0; i < indices.length; i++) {
                    indices[i] = i;
                }
                boolean[] flags = used.computeIfAbsent(weight.tensor().name(), name -> new boolean[indices.length]);
                for (float index : weight.cut(indices)) {
                    flags[(int) index] = true;
                }
            }
        }
        used.keySet().retainAll(learned(networks).keySet());
        return used;
    }

    @Test
    void pathsOfOneStepAddTheirGradients() {
        Network a = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        Network b = network("k3:1.0,k5:0.5,k3:1.0,k3:0.5");
        Map<String, SharedTensor> tensors = learned(a, b);
        Map<String, float[]> start;
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
            start = values(weights, tensors);
        }
        Map<String, float[]> afterA = afterStep(tensors, a);
        Map<String, float[]> afterB = afterStep(tensors, b);
        Map<String, float[]> afterBoth = afterStep(tensors, a, b);
        double largest = 0;
        for (String name : tensors.keySet()) {
            for (int i = 0; i < start.get(name).length; i++) {
                double expected = (double) afterA.get(name)[i] + afterB.get(name)[i] - start.get(name)[i];
                largest = Math.max(largest, Math.abs(afterA.get(name)[i] - start.get(name)[i]));
                assertThat((double) afterBoth.get(name)[i]).as("%s [%d]", name, i).isCloseTo(expected, within(1e-5));
            }
        }
        assertThat(largest).as("largest move of a path by itself").isGreaterThan(1e-3);
    }

    private Map<String, float[]> afterStep(Map<String, SharedTensor> tensors, Network... paths) {
        // without dropout, whose draws would differ between the first and the second path of a step
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, PLAIN, false)) {
            learner.step(Arrays.stream(paths).map(TestNetworks::withoutDropout).toList(), batch(1), 0.1, 1);
            return values(weights, tensors);
        }
    }

    @Test
    void layersMoveByTheirShareOfTheRate() {
        Network path = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        Map<String, SharedTensor> tensors = learned(path);
        LayerRates rates = new LayerRates(new TreeMap<>(Map.of("layer1", 0.25, "stem", 0.0)));
        Recipe recipe = new Recipe(0, List.of(), 0, Optional.empty(), 0, false, rates);
        TrainingSettings settings = new TrainingSettings(PLAIN.epochs(), PLAIN.batch(), PLAIN.curriculum(), PLAIN.descent(), PLAIN.labelSmoothing(),
            PLAIN.guidance(), recipe, PLAIN.seed());
        Map<String, float[]> alike = afterStep(tensors, path);
        Map<String, float[]> found;
        Map<String, float[]> start;
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu()); Learner learner = new Learner(weights, settings, false)) {
            start = values(weights, tensors);
            learner.step(List.of(TestNetworks.withoutDropout(path)), batch(1), 0.1, 1);
            found = values(weights, tensors);
        }
        double largest = 0;
        for (String name : tensors.keySet()) {
            double factor = name.startsWith("layer1.") ? 0.25 : name.startsWith("stem.") ? 0 : 1;
            for (int i = 0; i < start.get(name).length; i++) {
                double whole = (double) alike.get(name)[i] - start.get(name)[i];
                largest = name.startsWith("layer1.") ? Math.max(largest, Math.abs(whole)) : largest;
                assertThat((double) found.get(name)[i] - start.get(name)[i]).as(name).isCloseTo(factor * whole, within(1e-6));
            }
        }
        assertThat(largest).as("a move of the slow layer").isGreaterThan(1e-4);
    }

    @Test
    void dropoutFollowsFromItsSeed() {
        Network path = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        Map<String, SharedTensor> tensors = learned(path);
        Map<String, float[]> first = afterStepWithSeed(tensors, path, 7);
        Map<String, float[]> again = afterStepWithSeed(tensors, path, 7);
        Map<String, float[]> other = afterStepWithSeed(tensors, path, 8);
        assertThat(again.get("classifier.linear.weight")).isEqualTo(first.get("classifier.linear.weight"));
        assertThat(other.get("classifier.linear.weight")).isNotEqualTo(first.get("classifier.linear.weight"));
    }

    private Map<String, float[]> afterStepWithSeed(Map<String, SharedTensor> tensors, Network path, long seed) {
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, false)) {
            learner.step(List.of(path), batch(1), 0.1, seed);
            return values(weights, tensors);
        }
    }

    @Test
    void batchNormIsLearnedOnlyIfAsked() {
        Network path = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        Op.BatchNorm norm = path.ops().stream().filter(Op.BatchNorm.class::isInstance).map(Op.BatchNorm.class::cast).findFirst()
            .orElseThrow();
        for (boolean learns : new boolean[]{false, true}) {
            try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
                Learner learner = new Learner(weights, SETTINGS, learns)) {
                learner.step(List.of(path), batch(1), 0.1, 1);
                assertThat(weights.momenta().containsKey(norm.scale().tensor().name())).isEqualTo(learns);
                float[] scale = weights.read(norm.scale());
                boolean moved = false;
                for (float value : scale) {
                    moved |= value != 1;
                }
                assertThat(moved).isEqualTo(learns);
            }
        }
    }

    @Test
    void aStepThatDivergesMovesNothing() {
        Network path = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, false)) {
            Map<String, float[]> before = Map.of();
            Learner.Step step = new Learner.Step(0, 0, true);
            for (int i = 1; Double.isFinite(step.loss()); i++) {
                assertThat(i).as("steps at a rate of 1e38").isLessThan(20);
                before = values(weights, learned(path));
                step = learner.step(List.of(path), batch(i), 1e38, i);
            }
            Map<String, float[]> last = before;
            values(weights, learned(path)).forEach((name, after) -> assertThat(after).isEqualTo(last.get(name)));
        }
    }

    @Test
    void aFiniteLossWithAGradientThatIsNotMovesNothing() {
        Network path = network("k3:0.5,k5:1.0,xception:0.5,k3:1.0");
        // zero everywhere, but its slope there has no end
        Loss cusp = answers -> answers.logits().sub(answers.logits().stopGradient()).abs().sqrt().sum();
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, cusp, false)) {
            Map<String, float[]> before = values(weights, learned(path));
            Learner.Step step = learner.step(List.of(path), batch(1), 0.1, 1);
            assertThat(step.loss()).isZero();
            assertThat(step.moved()).isFalse();
            values(weights, learned(path)).forEach((name, after) -> assertThat(after).isEqualTo(before.get(name)));
        }
    }

    @Test
    void aLossMayHoldAPathAgainstAnEarlierOne() {
        Network teacher = TestNetworks.withoutDropout(network("k3:1.0,k3:1.0,k3:1.0,k3:1.0"));
        Network pupil = TestNetworks.withoutDropout(network("k5:1.0,k5:1.0,k5:1.0,k5:1.0"));
        LabelLoss labels = new LabelLoss(0.1);
        Loss distilled = answers -> answers.earlier().isEmpty()
            ? labels.of(answers)
            : answers.logits().sub(answers.earlier().get(0).logits()).square().mean();
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            SupernetWeights alone = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, PLAIN, distilled, false);
            Learner teaching = new Learner(alone, PLAIN, false)) {
            teaching.step(List.of(teacher), batch(1), 0.1, 1);
            Learner.Step first = learner.step(List.of(teacher, pupil), batch(1), 0.1, 1);
            // what only the teacher has moves as if there were no pupil
            learned(teacher).forEach((name, tensor) -> {
                if (name.contains(".k3.")) {
                    assertThat(weights.read(Weight.whole(tensor))).as(name).isEqualTo(alone.read(Weight.whole(tensor)));
                }
            });
            double loss = first.loss();
            for (int i = 0; i < 20; i++) {
                loss = learner.step(List.of(teacher, pupil), batch(1), 0.05, 1).loss();
            }
            assertThat(loss).isLessThan(first.loss());
        }
    }

    @Test
    void stepsLeaveNoArraysBehind() {
        List<Network> paths = List.of(network("k3:0.5,k5:1.0,xception:0.5,k3:1.0"), network("k5:1.0,k5:0.5,k3:1.0,k3:0.5"));
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, SETTINGS, true)) {
            for (int step = 0; step < 2; step++) {
                learner.step(paths, batch(step), 0.1, step);
            }
            int before = liveArrays();
            for (int step = 2; step < 30; step++) {
                learner.step(paths, batch(step), 0.1, step);
            }
            assertThat(liveArrays()).isEqualTo(before);
        }
    }

    /** Arrays of every manager of the process. */
    private static int liveArrays() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            List<NDArray> arrays = manager.getParentManager().getManagedArrays();
            assertThat(arrays).isNotEmpty();
            return arrays.size();
        }
    }
}

package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Transition.PhaseEnd;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurriculumTest {

    @TempDir
    Path folder;

    private static Curriculum read(String phases) {
        return Curriculum.read(YamlNode.parse("f.yaml", "phases: " + phases).get("phases"), Samplings.ALL, Transitions.ALL);
    }

    private static List<Integer> ends(Curriculum curriculum, int epochs) {
        return curriculum.spans(epochs).stream().map(Curriculum.Span::end).toList();
    }

    @Test
    void everyPhaseHasAnEpochHoweverFewThereAre() {
        Curriculum thirds = read("""
            [{share: 0.05, sampling: first-path, then: inherit}, {share: 0.9, sampling: uniform}, {sampling: uniform}]""");
        assertThat(ends(thirds, 3)).containsExactly(1, 2, 3);
        assertThat(ends(thirds, 20)).containsExactly(1, 19, 20);
        assertThat(ends(thirds, 100)).containsExactly(5, 95, 100);
        assertThatThrownBy(() -> thirds.spans(2)).isInstanceOf(InputException.class)
            .hasMessage("supernet.epochs: 2 (expected: at least 3, one for each of supernet.phases)");
    }

    @Test
    void theFirstPathNeverTakesAllEpochs() {
        for (int epochs = 1; epochs < 12; epochs++) {
            for (double share : new double[]{0.1, 0.25, 0.5, 0.8, 0.9}) {
                List<Curriculum.Span> spans = Curriculum.firstPathThen(share, Sampling.uniform()).spans(epochs);
                assertThat(spans.get(spans.size() - 1).phase().sampling()).isEqualTo(Sampling.uniform());
                assertThat(spans.get(spans.size() - 1).start()).isLessThan(epochs);
                assertThat(spans.get(0).start()).isZero();
            }
        }
        assertThat(ends(Curriculum.firstPathThen(0.9, Sampling.uniform()), 2)).containsExactly(1, 2);
        assertThat(ends(Curriculum.firstPathThen(0.25, Sampling.uniform()), 1)).containsExactly(1);
    }

    @Test
    void phasesThatSayWhatTheShorthandSaysAreTheSame() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Curriculum shorthand = Curriculum.firstPathThen(0.25, Sampling.uniform());
        assertThat(read("[{share: 0.25, sampling: first-path, then: inherit}, {sampling: uniform}]").values(space))
            .isEqualTo(shorthand.values(space));
        assertThat(read("[{sampling: uniform}]").values(space)).isEqualTo(Curriculum.of(Sampling.uniform()).values(space));
    }

    /** Checkpoints from before the rule had a name have none, and weights that another rule began do not go on under this one. */
    @Test
    void theRuleForTheFirstPathIsANamedValue() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        NamedValues values = Curriculum.firstPathThen(0.25, Sampling.uniform()).values(space);
        SortedMap<String, String> before = new TreeMap<>(values.stored());
        assertThat(values.differenceFrom(before)).isEmpty();
        before.remove("supernet.first-path.rule");
        assertThat(values.differenceFrom(before)).hasToString("Optional[supernet.first-path.rule first-option (expected: most-inherited)]");
        assertThat(Curriculum.of(Sampling.uniform()).values(space).shown()).doesNotContainKey("supernet.first-path.rule");
        assertThat(read("[{share: 0.5, sampling: first-path}, {sampling: uniform}]").values(space).shown())
            .containsEntry("supernet.phases.1.sampling.rule", "most-inherited");
    }

    @Test
    void everySettingIsANamedValue() {
        NamedValues values = read("""
            [{share: 0.5, sampling: {uniform: {widest: 0.5}}, then: [widen, {shrink: {drop: 2}}]},
             {sampling: uniform, then: re-initialise}]""")
            .values(SpaceFile.load("shufflenetv2-cifar"));
        assertThat(values.shown()).containsExactly(
            Map.entry("batch-norm.learned-in-supernet", "false"),
            Map.entry("space", SpaceFile.load("shufflenetv2-cifar").fingerprint()),
            Map.entry("supernet.phases.1.sampling", "uniform"),
            Map.entry("supernet.phases.1.sampling.widest", "0.5"),
            Map.entry("supernet.phases.1.share", "0.5"),
            Map.entry("supernet.phases.1.then.1", "widen"),
            Map.entry("supernet.phases.1.then.2", "shrink"),
            Map.entry("supernet.phases.1.then.2.by", "accuracy"),
            Map.entry("supernet.phases.1.then.2.drop", "2"),
            Map.entry("supernet.phases.1.then.2.from", "layer"),
            Map.entry("supernet.phases.1.then.2.paths", "40"),
            Map.entry("supernet.phases.2.sampling", "uniform"),
            Map.entry("supernet.phases.2.share", "0.5"),
            Map.entry("supernet.phases.2.then.1", "re-initialise"));
    }

    @Test
    void whatCannotBeSaysSoWithItsLine() {
        assertRefused("[{share: 0.5, sampling: uniform}, {share: 0.6, sampling: uniform}]",
            "f.yaml:1: phases: shares [0.5, 0.6] (expected: above 0, 1 together)");
        assertRefused("[{share: 0.5, sampling: uniform, then: inherit}, {sampling: uniform}]",
            "f.yaml:1: phases: inherit after uniform (expected: after a phase that trains one path)");
        assertRefused("[{sampling: first-past}]",
            "f.yaml:1: phases[0].sampling: first-past (expected: one of channel-warm-up, fair, first-path, macs-uniform, pool, proportional, sandwich, uniform)");
        assertRefused("[{share: 0.5, sampling: first-path, then: [inherit, shrink]}, {sampling: uniform}]",
            "f.yaml:1: phases: shrink after first-path (expected: after a phase that trains many paths)");
        assertRefused("[{share: 0.2, sampling: first-path, then: inherit}, {share: 0.4, sampling: fair, then: {shrink: {by: angle}}}, "
            + "{sampling: fair}]",
            "f.yaml:1: phases: shrink by angle after inherit, which gives weights other first values (expected: "
                + "rebase between them)");
        read("[{share: 0.2, sampling: first-path, then: [inherit, rebase]}, {share: 0.4, sampling: fair, then: {shrink: {by: angle}}}, "
            + "{sampling: fair}]");
        assertRefused("[{sampling: uniform, then: independent}]",
            "f.yaml:1: phases: a training anew after the last phase (expected: before another phase)");
        assertRefused("[{sampling: {channel-warm-up: {sampling: first-path}}}]", "f.yaml:1: phases[0].sampling.channel-warm-up.sampling: "
            + "within channel-warm-up (expected: a sampling that draws from many paths)");
        assertRefused("[{sampling: {channel-warm-up: {sampling: channel-warm-up}}}]",
            "f.yaml:1: phases[0].sampling.channel-warm-up.sampling: within channel-warm-up");
        assertRefused("[{sampling: {channel-warm-up: {schedule: [{scales: 1}, {scales: 2}]}}}]",
            "f.yaml:1: phases[0].sampling.channel-warm-up.schedule[0]: no 'epochs'");
        assertRefused("[{sampling: {macs-uniform: {from: 2M}}}]",
            "f.yaml:1: phases[0].sampling.macs-uniform.from: without 'to' (expected: both, or none)");
        assertRefused("[{sampling: {macs-uniform: {from: 2M, to: 1.5M}}}]",
            "f.yaml:1: phases[0].sampling.macs-uniform.to: 1500000 (expected: above from, 2000000)");
        assertRefused("[{sampling: uniform, then: {shrink: {buy: 1}}}]", "f.yaml:1: phases[0].then.shrink.buy: unknown key");
        assertRefused("[{sampling: uniform, than: shrink}]", "f.yaml:1: phases[0].than: unknown key");
        assertRefused("[{sampling: uniform}, {sampling: uniform}]", "f.yaml:1: phases[0]: no 'share'");
    }

    @Test
    void whatDoesNotFitTheSpaceSaysSo() {
        SearchSpace cifar = SpaceFile.load("shufflenetv2-cifar");
        assertThatThrownBy(() -> read("[{sampling: channel-warm-up}]").requireFits(cifar)).isInstanceOf(InputException.class)
            .hasMessage("supernet.sampling: channel-warm-up in shufflenetv2-cifar (expected: a space with channel scales)");
        assertThatThrownBy(() -> read("[{share: 0.5, sampling: uniform, then: shrink}, {sampling: {macs-uniform: {from: 1G, to: 2G}}}]")
            .requireFits(cifar)).isInstanceOf(InputException.class).hasMessageMatching("supernet.phases\\[1].sampling: macs-uniform from "
                + "1000000000 to 2000000000 \\(expected: networks of shufflenetv2-cifar between them, which have \\d+ to \\d+\\)");
        read("[{sampling: {macs-uniform: {from: 7M, to: 2G}}}]").requireFits(cifar);
        read("[{sampling: channel-warm-up}]").requireFits(SpaceFile.load("oneshot"));
    }

    @Test
    void iterationsThatAreIndependentHaveALearningRateOfTheirOwn() {
        Curriculum one = read("[{share: 0.5, sampling: proportional, then: re-initialise}, {sampling: proportional}]");
        assertThat(one.cycleOf(0, 10)).isEqualTo(one.cycleOf(9, 10)).isEqualTo(new Curriculum.Cycle(0, 10));
        Curriculum three = read("""
            [{share: 0.3, sampling: proportional, then: independent}, {share: 0.2, sampling: uniform, then: shrink},
             {share: 0.2, sampling: {proportional: {pool: 300}}, then: {independent: {weights: kept}}}, {sampling: proportional}]""");
        assertThat(IntStream.range(0, 10).mapToObj(epoch -> three.cycleOf(epoch, 10).start()).toList())
            .containsExactly(0, 0, 0, 3, 3, 3, 3, 7, 7, 7);
        assertThat(IntStream.range(0, 10).mapToObj(epoch -> three.cycleOf(epoch, 10).end()).toList())
            .containsExactly(3, 3, 3, 7, 7, 7, 7, 10, 10, 10);
    }

    private static void assertRefused(String phases, String message) {
        assertThatThrownBy(() -> read(phases)).isInstanceOf(InputException.class).hasMessageStartingWith(message);
    }

    @Test
    void optionsAreDrawnWrittenAndRead() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Options all = Options.all(space);
        SplittableRandom drawn = new SplittableRandom(4);
        SplittableRandom random = new SplittableRandom(4);
        for (int i = 0; i < 20; i++) {
            assertThat(all.draw(drawn)).isEqualTo(space.random(random));
        }
        Options fewer = all.without(0, 1).without(2, 0).without(2, 2).without(2, 1);
        assertThat(fewer.of(0)).containsExactly(0, 2);
        assertThat(fewer.of(2)).as("the last one stays").containsExactly(1);
        assertThat(fewer.areAll()).isFalse();
        assertThat(Options.named(space, fewer.names())).isEqualTo(fewer);
        assertThat(all.scaledAtMost(0.5).names()).contains(List.of("0.5"), List.of("k3", "k5", "xception"))
            .doesNotContain(List.of("0.5", "1.0"));
        assertThat(all.scaledAtMost(0.1)).as("the smallest stays").isEqualTo(all.scaledAtMost(0.5));
        for (int i = 0; i < 50; i++) {
            Architecture path = fewer.draw(random);
            assertThat(path.value(0)).isNotEqualTo(1);
            assertThat(path.value(2)).isEqualTo(1);
        }
    }

    private static PhaseEnd end(Options surviving, Options trained, SupernetWeights weights,
        ToDoubleFunction<Architecture> accuracy) {
        return new PhaseEnd(new Phase(1, Sampling.uniform(), List.of()), surviving, trained, weights,
            architectures -> architectures.stream().collect(Collectors.toMap(a -> a, accuracy::applyAsDouble)), network -> null, 7);
    }

    @Test
    void shrinkingDropsWhatIsWorse() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Options all = Options.all(space);
        // xception costs, k5 helps; scales do not matter, so that the first by name goes
        ToDoubleFunction<Architecture> accuracy = architecture -> IntStream.of(0, 2, 4, 6)
            .mapToDouble(gene -> switch (space.genes().get(gene).options().get(architecture.value(gene)).name()) {
                case "xception" -> -0.1;
                case "k5" -> 0.1;
                default -> 0;
            }).sum();
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            Options left = new Shrink(Shrink.Score.ACCURACY, Shrink.Scope.LAYER, 1, 60).apply(end(all, all, weights, accuracy));
            for (int gene : new int[]{0, 2, 4, 6}) {
                assertThat(left.names().get(gene)).containsExactly("k3", "k5");
            }
            Options last = new Shrink(Shrink.Score.ACCURACY, Shrink.Scope.LAYER, 5, 1).apply(end(left, all, weights, accuracy));
            assertThat(last.names()).allSatisfy(names -> assertThat(names).hasSize(1));
        }
        assertThat(Transitions.ALL.read(YamlNode.parse("f", "shrink")).asksForAccuracy()).isTrue();
    }

    /** The worst option of the whole space goes first, however many a gene has left, as long as it is not the gene's last. */
    @Test
    void shrinkingTheWholeSpaceDropsTheWorstOfAll() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Options all = Options.all(space);
        // in the first layer k3 and k5 are both worse than most paths; elsewhere options hardly matter
        ToDoubleFunction<Architecture> accuracy = architecture -> new double[]{0, 0.1, 2}[architecture.value(0)]
            + 0.01 * architecture.value(2);
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            Shrink three = new Shrink(Shrink.Score.ACCURACY, Shrink.Scope.SPACE, 3, 600);
            Options left = three.apply(end(all, all, weights, accuracy));
            assertThat(left.names().get(0)).containsExactly("xception");
            assertThat(left.names().stream().mapToInt(List::size).sum()).isEqualTo(all.names().stream().mapToInt(List::size).sum() - 3);
            Shrink most = new Shrink(Shrink.Score.ACCURACY, Shrink.Scope.SPACE, 1000, 60);
            assertThat(most.apply(end(all, all, weights, accuracy)).names()).allSatisfy(names -> assertThat(names).hasSize(1));
        }
    }

    /** arccos(V0 V / |V0| |V|) over the weights of convolutions and classifier put together, computed here from the whole vectors. */
    @Test
    void theAngleIsThatOfThePathsWholeVector() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Network path = space.build(space.parse("k3:0.5,xception:1.0,k5:0.5,k3:1.0"));
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            assertThat(new Angles(weights).of(path)).isCloseTo(0, within(1e-6));
            Random random = new Random(3);
            turn(weights, path, 1, random);
            double turned = angle(weights, path);
            assertThat(turned).isBetween(0.3, 2.5);
            assertThat(new Angles(weights).of(path)).isCloseTo(turned, within(1e-9));
            Network other = space.build(space.parse("k3:1.0,k5:0.5,k5:1.0,k3:0.5"));
            assertThat(new Angles(weights).of(other)).isCloseTo(angle(weights, other), within(1e-9));
            assertThat(new Angles(weights).of(other)).isLessThan(turned);
            weights.rebase();
            assertThat(new Angles(weights).of(path)).isCloseTo(0, within(1e-6));
            turn(weights, path, 0.5, random);
            assertThat(new Angles(weights).of(path)).isCloseTo(angle(weights, path), within(1e-9)).isBetween(0.1, turned);
            weights.forget();
            assertThat(new Angles(weights).of(path)).as("the base is forgotten too").isCloseTo(0, within(1e-6));
        }
    }

    private static void turn(SupernetWeights weights, Network path, double far, Random random) {
        for (Op op : path.ops()) {
            op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role().isParameter()).forEach(tensor -> {
                float[] values = weights.read(Weight.whole(tensor)).clone();
                double size = 0;
                for (float value : values) {
                    size += Math.abs(value) / values.length;
                }
                for (int i = 0; i < values.length; i++) {
                    values[i] += (float) (far * size * random.nextGaussian());
                }
                weights.set(tensor, values);
            });
        }
    }

    private static double angle(SupernetWeights weights, Network path) {
        List<Float> before = new ArrayList<>();
        List<Float> after = new ArrayList<>();
        for (Op op : path.ops()) {
            for (Weight weight : op.weights()) {
                if (weight.tensor().role() == Role.CONV_WEIGHT || weight.tensor().role() == Role.LINEAR_WEIGHT) {
                    for (float value : weight.cut(weights.base(weight.tensor()))) {
                        before.add(value);
                    }
                    for (float value : weights.read(weight)) {
                        after.add(value);
                    }
                }
            }
        }
        double product = IntStream.range(0, before.size()).mapToDouble(i -> (double) before.get(i) * after.get(i)).sum();
        double lengths = before.stream().mapToDouble(value -> (double) value * value).sum()
            * after.stream().mapToDouble(value -> (double) value * value).sum();
        return Math.acos(product / Math.sqrt(lengths));
    }

    /** Options whose weights have turned the least go first. */
    @Test
    void shrinkingByAngleDropsWhatTrainingHasNotTurned() throws Exception {
        SearchSpace space = TestNetworks.space(folder);
        Options all = Options.all(space);
        Random random = new Random(5);
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            Set<SharedTensor> tensors = new LinkedHashSet<>();
            space.everyOption().forEach(network -> network.ops().forEach(op -> op.weights().forEach(weight -> tensors.add(weight.tensor()))));
            for (SharedTensor tensor : tensors) {
                boolean still = tensor.name().startsWith("layer4.k5.") || tensor.name().startsWith("layer3.xception.");
                if (tensor.role().isParameter() && !still) {
                    float[] values = weights.first(tensor);
                    for (int i = 0; i < values.length; i++) {
                        values[i] += (float) random.nextGaussian();
                    }
                    weights.set(tensor, values);
                }
            }
            Options left = new Shrink(Shrink.Score.ANGLE, Shrink.Scope.SPACE, 2, 60).apply(end(all, all, weights, path -> 0));
            assertThat(left).isEqualTo(all.without(6, 1).without(4, 2));
            Options fewer = new Shrink(Shrink.Score.ANGLE, Shrink.Scope.LAYER, 1, 60).apply(end(all, all, weights, path -> 0));
            assertThat(fewer.names().get(6)).containsExactly("k3", "xception");
            assertThat(fewer.names().get(4)).containsExactly("k3", "k5");
            assertThat(fewer.names()).allSatisfy(names -> assertThat(names).hasSizeBetween(1, 2));
        }
        assertThat(Transitions.ALL.read(YamlNode.parse("f", "shrink: {by: angle}")))
            .isEqualTo(new Shrink(Shrink.Score.ANGLE, Shrink.Scope.SPACE, 7, 1000));
        assertThat(Transitions.ALL.read(YamlNode.parse("f", "shrink: {by: angle}")).asksForAccuracy()).isFalse();
    }

    @Test
    void aWiderNetworkBeginsWithWhatTheNarrowerOneDoes() throws Exception {
        SearchSpace space = SpaceFile.load(Files.writeString(folder.resolve("wide.yaml"), """
            name: wide
            title: Widths
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            scales: [0.5, 1.0]
            choices:
              k3: {block: mb, kernel: 3, expand: 4}
              k3se: {block: mb, kernel: 3, expand: 4, se: true}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3, k3se], channels: 16, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
        Options all = Options.all(space);
        try (SupernetWeights weights = new SupernetWeights(1, Device.cpu())) {
            for (String path : List.of("k3:1.0,k3:1.0", "k3se:1.0,k3se:1.0")) {
                for (Op op : space.build(space.parse(path)).ops()) {
                    op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role().isParameter())
                        .forEach(tensor -> weights.start(tensor, weights.first(tensor)));
                }
            }
            float[] before = logits(space, "k3:0.5,k3:0.5", weights);
            assertThat(logits(space, "k3:1.0,k3:1.0", weights)).isNotEqualTo(before);
            new Widen().apply(end(all, all.scaledAtMost(0.5), weights, architecture -> 0));
            assertThat(logits(space, "k3:0.5,k3:0.5", weights)).isEqualTo(before);
            assertThat(logits(space, "k3:1.0,k3:0.5", weights)).containsExactly(before, within(1e-4f));
            assertThat(logits(space, "k3:1.0,k3:1.0", weights)).containsExactly(before, within(1e-4f));
            Weight made = space.build(space.parse("k3:1.0,k3:1.0")).ops().get(3).weights().get(0);
            Set<Float> values = new TreeSet<>();
            for (float value : weights.read(made)) {
                values.add(value);
            }
            assertThat(values).as("new channels are no exact copies").hasSize((int) made.elements());
            new Independent(Independent.Weights.KEPT).apply(end(all, all, weights, architecture -> 0));
            assertThat(logits(space, "k3:0.5,k3:0.5", weights)).isEqualTo(before);
            new Reinitialise().apply(end(all, all, weights, architecture -> 0));
            assertThat(weights.read(made)).isEqualTo(weights.first(made.tensor()));
            assertThat(weights.momenta()).isEmpty();
        }
    }

    private static float[] logits(SearchSpace space, String architecture, SupernetWeights weights) {
        try (NDManager manager = weights.newManager()) {
            Parameters parameters = weight -> Views.detached(weights.tensor(weight.tensor()), weight, manager);
            return Forward.inference(space.build(space.parse(architecture)), parameters, new BatchStatistics(manager),
                Images.of(TestNetworks.randomBatch(8, 16, 4, 9), manager)).toFloatArray();
        }
    }

    /** Every path of a step is the opposite of one before. */
    private record Mirrored() implements Sampling {

        static Sampling of(LayeredSettings settings) {
            return new Mirrored();
        }

        @Override
        public List<Architecture> paths(Options surviving, Moment moment) {
            SearchSpace space = surviving.space();
            Architecture drawn = surviving.draw(new SplittableRandom(moment.stepSeed()));
            int[] values = IntStream.range(0, space.genes().size())
                .map(gene -> space.genes().get(gene).size() - 1 - drawn.value(gene)).toArray();
            return List.of(drawn, space.architecture(values));
        }

        @Override
        public Options offered(Options surviving) {
            return surviving;
        }

        @Override
        public void describe(String key, NamedValues.Builder values) {
            values.put(key, "mirrored");
        }
    }

    @Test
    void aSamplingStrategyIsOneClassAndOneLine() {
        Curriculum curriculum = Curriculum.read(YamlNode.parse("f.yaml", "phases: [{sampling: mirrored}]").get("phases"),
            Samplings.ALL.with("mirrored", Mirrored::of), Transitions.ALL);
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        List<Architecture> paths = curriculum.phases().get(0).sampling().paths(Options.all(space), Moment.of(1, 1));
        assertThat(paths).hasSize(2);
        assertThat(paths.get(1).value(0)).isEqualTo(3 - paths.get(0).value(0));
        assertThat(curriculum.values(space).shown()).containsEntry("supernet.sampling", "mirrored");
        assertThat(Optional.of(curriculum).filter(Curriculum::sharesWeights)).isPresent();
    }
}

package dev.lutra.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.latency.MeasuringRules;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import dev.lutra.proto.MeasureRules;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fingerprints as they are in everybody's files. If one of these tests fails, stored results would be orphaned: give the new
 * value a name with {@link NamedValues.Builder#putLater}, or raise the version where equal values mean something else now.
 */
class FingerprintTest {

    @TempDir
    Path folder;

    private static Network network(double epsilon, int dilation) {
        NetworkBuilder g = new NetworkBuilder("any", Shape.image(3, 8, 8), epsilon);
        g.segment("all");
        Value x = g.conv("stem", g.input(), ConvSpec.of(Width.of(4), 3).dilation(dilation));
        x = g.activation("act", g.batchNorm("bn", x), Function.HARD_SWISH);
        return g.build(g.linear("classifier", g.flatten("flatten", g.globalPool("pool", x)), 2, true));
    }

    private SearchSpace space(String change, String to) throws IOException {
        String text = """
            name: tiny
            title: Small
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            batch-norm: {learned-in-supernet: false}
            choices:
              k3: {block: mb, kernel: 3, expand: 3}
              k5: {block: mb, kernel: 5, expand: 3}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [k3, k5], channels: 16, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """;
        assertThat(text).contains(change);
        return SpaceFile.load(Files.writeString(folder.resolve("space.yaml"), text.replace(change, to)).toString());
    }

    @Test
    void ofANetwork() {
        assertThat(network(1e-5, 1).values().text("network", 1)).isEqualTo("""
            network 1
            act.op=hard-swish
            act.reads=bn
            bn.epsilon=0.00001
            bn.mean=bn.mean 4
            bn.op=batch-norm
            bn.reads=stem
            bn.scale=bn.scale 4
            bn.shift=bn.shift 4
            bn.variance=bn.variance 4
            classifier.bias=classifier.bias 2
            classifier.op=linear
            classifier.reads=flatten
            classifier.weight=classifier.weight 2x4
            flatten.op=flatten
            flatten.reads=pool
            input.0=3x8x8
            outputs=classifier
            pool.op=global-pool
            pool.reads=act
            stem.kernel=3
            stem.op=conv
            stem.padding=1
            stem.reads=input.0
            stem.weight=stem.weight 4x3x3x3
            """);
        assertThat(network(1e-5, 1).fingerprint())
            .isEqualTo("a4bca082ad41677425bb34a8791c77b7347da82dd35c36d562057514479029cc");
        assertThat(network(1e-3, 1).fingerprint()).isNotEqualTo(network(1e-5, 1).fingerprint());
        assertThat(network(1e-5, 2).fingerprint()).isNotEqualTo(network(1e-5, 1).fingerprint());
    }

    @Test
    void ofASpace() throws IOException {
        String fingerprint = space("", "").fingerprint();
        assertThat(fingerprint).isEqualTo("50ce6845d4274c1190cbd23713dcdf144e8c472b0df82679bc1f42fd6d0e085b");
        assertThat(SpaceFile.load("shufflenetv2-cifar").fingerprint())
            .isEqualTo("38f5f87f1d47ec06e7584375d76503a6ffd6fd122468602efe8afa4593f8deb5");
        assertThat(SpaceFile.load("nao-cell").fingerprint())
            .isEqualTo("cd4e6ec5b58ed38b21465a87685a8c27ccfff88b74599c6148d2aa4854dbb5aa");

        // what a person may change without another network coming of it
        assertThat(space("title: Small", "title: Tiny  # better").fingerprint()).isEqualTo(fingerprint);
        assertThat(space("name: tiny", "name: small").fingerprint()).isEqualTo(fingerprint);
        // how it is trained is no part of the space, but of the training
        assertThat(space("supernet: false", "supernet: true").fingerprint()).isEqualTo(fingerprint);
        for (String[] change : List.of(new String[]{"channels: 16", "channels: 24"}, new String[]{"size: 16", "size: 32"},
            new String[]{"kernel: 5, expand: 3", "kernel: 5, expand: 6"}, new String[]{"[k3, k5]", "[k5, k3]"},
            new String[]{"repeat: 2", "repeat: 3"}, new String[]{"classes: 4", "classes: 5"},
            new String[]{"learned-in-supernet: false", "epsilon: 0.001"})) {
            assertThat(space(change[0], change[1]).fingerprint()).as(change[1]).isNotEqualTo(fingerprint);
        }
    }

    @Test
    void ofATraining() throws IOException {
        SearchSpace space = space("", "");
        NamedValues supernet = TrainingSettings.defaults().values(space);
        assertThat(supernet.text("training", 1)).isEqualTo("""
            training 1
            batch-norm.learned-in-supernet=false
            seed=0
            space=50ce6845d4274c1190cbd23713dcdf144e8c472b0df82679bc1f42fd6d0e085b
            supernet.batch=64
            supernet.epochs=30
            supernet.first-path=0.25
            supernet.first-path.rule=most-inherited
            supernet.label-smoothing=0.1
            supernet.optimizer.lr=0.1
            supernet.optimizer.momentum=0.9
            supernet.optimizer.schedule=cosine
            supernet.optimizer.warm-up=0.05
            supernet.optimizer.weight-decay=0.00004
            supernet.sampling=uniform
            """);
        assertThat(TrainingSettings.defaults().values(space("supernet: false", "supernet: true")))
            .isNotEqualTo(TrainingSettings.defaults().values(space));
    }

    @Test
    void ofAnEvaluation() {
        assertThat(EvaluationSettings.defaults().values().text("evaluation", 1)).isEqualTo("""
            evaluation 1
            evaluation.batch=128
            evaluation.recalibration-images=2048
            evaluation.seed=0
            evaluation.validation-images=5000
            """);
    }

    @Test
    void ofRulesOfMeasuring() {
        MeasureRules rules = MeasureRules.newBuilder().setTargetRelativeHalfWidth(0.01).setMinRounds(4).setSliceNanos(60_000_000)
            .setMaxMeasureNanos(12_000_000_000L).setMinSamples(15).setMinWarmupRuns(3).setMinWarmupNanos(30_000_000)
            .setMaxWarmupNanos(400_000_000).build();
        assertThat(MeasuringRules.values(rules).text("rules", 1)).isEqualTo("""
            rules 1
            profile.half-width=0.01
            profile.rounds=4
            profile.samples=15
            profile.slice=60 ms
            profile.time-limit=12000 ms
            profile.warm-up.least=30 ms
            profile.warm-up.most=400 ms
            profile.warm-up.runs=3
            """);
    }

    @Test
    void ofImages() {
        DataSpec spec = DataSpec.of(new Source.Synthetic(2, 10), 16, 7);
        try (ImageData data = ImageData.open(spec, folder.resolve("a"), DataProgress.NONE)) {
            String content = data.train().origin().shown().get("data.train");
            assertThat(data.train().origin().text("images", 1)).isEqualTo("""
                images 1
                data.seed=7
                data.train=%s
                data.validation-share=0.1
                image-size=16
                """.formatted(content));
            assertThat(SubnetEvaluator.origin(SpaceFile.load("shufflenetv2-cifar"), "f00d", data, new EvaluationSettings(64, 32, 16, 0, 4))
                .text("accuracy", 2)).isEqualTo("""
                    accuracy 2
                    data.seed=7
                    data.train=%s
                    data.validation-share=0.1
                    evaluation.batch=16
                    evaluation.recalibration-images=64
                    evaluation.seed=0
                    evaluation.validation-images=32
                    image-size=16
                    space=38f5f87f1d47ec06e7584375d76503a6ffd6fd122468602efe8afa4593f8deb5
                    supernet.weights=f00d
                    """.formatted(content));
            assertThat(data.validation().origin()).isEqualTo(data.train().origin());
            assertThat(data.test().orElseThrow().origin().shown()).containsKey("data.test").containsAllEntriesOf(data.train().origin().shown());
            DataSpec ownValidation = new DataSpec(spec.train(), Optional.of(new Source.Synthetic(2, 5)), Optional.empty(), 0.1, 16, 7);
            try (ImageData other = ImageData.open(ownValidation, folder.resolve("b"), DataProgress.NONE)) {
                assertThat(other.train().origin().shown()).containsEntry("data.train", content).doesNotContainKey("data.validation-share");
                assertThat(other.validation().origin().shown()).containsKey("data.validation");
            }
        }
    }

    /** Names and words are those of files, lower-case with hyphens; Java's have capitals, brackets or underscores. */
    @Test
    void nothingOfJavaIsInThem() throws IOException {
        for (NamedValues values : List.of(network(1e-5, 1).values(), TrainingSettings.defaults().values(space("", "")),
            EvaluationSettings.defaults().values())) {
            assertThat(values.shown()).isNotEmpty().allSatisfy((name, value) -> {
                assertThat(name).matches("[a-z0-9.-]+");
                assertThat(value).matches("[a-z0-9. -]*");
            });
        }
    }
}

package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.blockwise.LargestSampling;
import dev.lutra.supernet.blockwise.Teach;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.proxy.ApartSampling;
import dev.lutra.supernet.proxy.Proxy;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.TrainingListener.Progress;
import dev.lutra.yaml.YamlNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However supernets are trained, one that was stopped at some step ends as one that was not, to the bit. */
class StrategiesTest {

    private static final int EPOCHS = 4;

    @TempDir
    Path folder;

    /** What is trained, as in an experiment file, and what the paths of a step teach each other. */
    enum Strategy {
        UNIFORM("[{sampling: uniform}]"), FAIR("[{share: 0.25, sampling: first-path, then: inherit}, {sampling: fair}]"), FAIR_WITH_DISTILLATION(
            "[{sampling: fair}]", 0.5,
            Optional.empty()), SANDWICH_WITH_DISTILLATION("[{sampling: {sandwich: {random: 1}}}]", 1, Optional.empty()), SANDWICH_WITH_RANK_LOSS(
                "[{sampling: {sandwich: {random: 1}}}]", 0, Optional.of(Guidance.Ranks.byMacs(2))), RANK_DISTILLED(
                    "[{sampling: {apart: {draws: 3}}}]", 0, Optional.of(new Guidance.Ranks(Proxy.SYNFLOW, 2, 0.1))), SPLIT("""
                        [{share: 0.25, sampling: first-path, then: inherit}, {share: 0.25, sampling: uniform, then: {split: {by: layer1.choice}}},
                         {share: 0.25, sampling: fair, then: {shrink: {paths: 6}}}, {sampling: uniform}]"""), MACS_UNIFORM(
                        "[{sampling: {macs-uniform: {bins: 3}}}]"), PROPORTIONAL(
                            "[{share: 0.5, sampling: {proportional: {pool: 8}}, then: independent}, {sampling: {proportional: {pool: 8}}}]"), WARM_UP_IN_BINS(
                                "[{sampling: {channel-warm-up: {sampling: {macs-uniform: {bins: 2}}}}}]"), BLOCK_WISE(
                                    "[{share: 0.5, sampling: largest, then: teach}, {sampling: {block-wise: {sampling: fair}}}]"), SHRUNK_BY_ACCURACY(
                                        """
                                            [{share: 0.25, sampling: fair, then: {shrink: {paths: 6}}},
                                             {sampling: {sandwich: {random: 1}}, then: {shrink: {from: space, drop: 2, paths: 6}}}]"""), SHRUNK_BY_ANGLE(
                                            """
                                                [{share: 0.25, sampling: uniform, then: {shrink: {by: angle, drop: 3, paths: 5}}},
                                                 {share: 0.25, sampling: fair, then: [{shrink: {by: angle, drop: 3, paths: 5}}, rebase]},
                                                 {share: 0.25, sampling: uniform, then: {shrink: {by: angle, drop: 2, paths: 5}}}, {sampling: uniform}]""");

        private final String phases;
        private final Guidance guidance;

        Strategy(String phases) {
            this(phases, 0, Optional.empty());
        }

        Strategy(String phases, double distilled, Optional<Guidance.Ranks> ranks) {
            this.phases = phases;
            guidance = new Guidance(Optional.of(distilled).filter(share -> share > 0)
                .map(share -> new Guidance.Distillation(share, 2)), ranks);
        }

        private TrainingSettings settings() {
            Curriculum curriculum = Curriculum.read(YamlNode.parse("f", phases), Samplings.ALL.with(ApartSampling.NAME, ApartSampling::of)
                .with(BlockWiseSampling.NAME, BlockWiseSampling::of)
                .with(LargestSampling.NAME, settings -> new LargestSampling()),
                Transitions.ALL.with(Split.NAME, Split::of).with(Teach.NAME, settings -> new Teach()));
            return new TrainingSettings(EPOCHS, 8, curriculum, Descent.sgd(0.05, 0.1, Schedule.COSINE, 0.9, 4e-5), 0.1, guidance, Recipe.PLAIN, 3);
        }

        void train(Path folder, Path checkpoint, TrainingListener listener) throws IOException {
            SearchSpace space = TestNetworks.space(folder);
            DataSpec spec = DataSpec.of(new Source.Synthetic(4, 7), 16, 1);
            try (ImageData data = ImageData.open(spec, folder.resolve("cache"), DataProgress.NONE)) {
                new Trainer(space, data, settings(), new EvaluationSettings(16, 8, 8, 1, 1), checkpoint, Device.cpu()).train(listener)
                    .close();
            }
        }

        /** A step that is neither the first nor the last. */
        private long someStep(long steps) {
            return 2 + new Random(name().hashCode()).nextInt((int) steps - 2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsTheSameAfterBeingStopped(Strategy strategy) throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path broken = folder.resolve("broken.safetensors");
        List<Progress> steps = new ArrayList<>();
        strategy.train(folder, unbroken, steps::add);
        long stop = strategy.someStep(steps.size());
        assertThatThrownBy(() -> strategy.train(folder, broken, progress -> {
            if (progress.step() == stop) {
                throw new IllegalStateException("stopped");
            }
        })).hasMessage("stopped");
        strategy.train(folder, broken, TrainingListener.NONE);
        assertThat(Files.mismatch(unbroken, broken)).as("first byte that differs, stopped after step %d", stop).isEqualTo(-1);
    }

    /** Run by a process of its own, to be killed. */
    static final class Victim {

        private Victim() {}

        public static void main(String[] args) throws IOException {
            Strategy.valueOf(args[0]).train(Path.of(args[1]), Path.of(args[2]), progress -> {
                System.out.println("step " + progress.step());
                System.out.flush();
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("slow")
    void endsTheSameAfterBeingKilled(Strategy strategy) throws Exception {
        Path unbroken = folder.resolve("unbroken.safetensors");
        Path killed = folder.resolve("killed.safetensors");
        List<Progress> steps = new ArrayList<>();
        strategy.train(folder, unbroken, steps::add);
        Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
            "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp", System.getProperty("java.class.path"),
            Victim.class.getName(), strategy.name(), folder.toString(), killed.toString())
            .redirectError(folder.resolve("errors").toFile()).start();
        String last = "step " + strategy.someStep(steps.size());
        try (BufferedReader output = process.inputReader()) {
            Set<String> seen = output.lines().takeWhile(line -> !line.equals(last)).collect(Collectors.toSet());
            process.destroyForcibly().waitFor();
            assertThat(seen).as(Files.readString(folder.resolve("errors"))).contains("step 1");
        }
        assertThat(process.exitValue()).isEqualTo(128 + 9);
        strategy.train(folder, killed, TrainingListener.NONE);
        assertThat(Files.mismatch(unbroken, killed)).as("first byte that differs, killed after %s", last).isEqualTo(-1);
    }
}

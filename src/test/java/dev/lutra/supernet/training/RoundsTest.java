package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.Network;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.StepSeed;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.TrainingListener.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoundsTest {

    private static final int BATCH = 16;

    @TempDir
    Path folder;

    private ImageData data;
    private SearchSpace space;

    @BeforeEach
    void open() throws IOException {
        data = ImageData.open(DataSpec.of(new Source.Synthetic(4, 40), 16, 1), folder.resolve("cache"), DataProgress.NONE);
        space = TestNetworks.space(folder);
    }

    @AfterEach
    void close() {
        data.close();
    }

    private static TrainingSettings settings(int epochs) {
        return new TrainingSettings(epochs, BATCH, Curriculum.firstPathThen(0.5, Sampling.uniform()), 0.1, 0.1, Schedule.COSINE, 0.9, 4e-5, 0.1, 1);
    }

    private Trainer trainer(TrainingSettings settings, String checkpoint) {
        return new Trainer(space, data, settings, EvaluationSettings.defaults(), folder.resolve(checkpoint), Device.cpu());
    }

    private TreeMap<String, float[]> trained(Trainer trainer, TrainingListener listener) {
        try (SupernetWeights weights = trainer.train(listener)) {
            return values(weights.state());
        }
    }

    private static TreeMap<String, float[]> values(LearnedState state) {
        TreeMap<String, float[]> values = new TreeMap<>();
        state.arrays().forEach((name, part) -> values.put(name, part.values()));
        return values;
    }

    private static void assertSame(TreeMap<String, float[]> found, TreeMap<String, float[]> expected) {
        assertThat(found.keySet()).isEqualTo(expected.keySet()).hasSizeGreaterThan(4);
        expected.forEach((name, values) -> assertThat(found.get(name)).as(name).containsExactly(values));
    }

    @Test
    void oneLearnerTrainsAsATrainingDoes() {
        List<Progress> plain = new ArrayList<>();
        List<Progress> rounds = new ArrayList<>();
        TreeMap<String, float[]> expected = trained(trainer(settings(2), "plain"), plain::add);
        assertSame(trained(trainer(settings(2).in(new Rounds.Settings(1, 4, Rounds.Paths.OWN)), "rounds"), rounds::add), expected);
        assertThat(rounds).isEqualTo(plain).hasSize(18);
    }

    /** Two learners by hand: each a step of its own on its half of the batch, then the mean of all numbers. */
    @Test
    void severalLearnersAreAveraged() {
        TrainingSettings settings = settings(1).in(new Rounds.Settings(2, 1, Rounds.Paths.SAME));
        Curriculum.Span span = settings.curriculum().spanOf(0, 1);
        List<Network> paths = span.phase().sampling().paths(Options.all(space),
            new Sampling.Moment(1, 0, 0, span.start(), span.end())).stream().map(space::build).toList();
        List<TreeMap<String, float[]>> halves = new ArrayList<>();
        try (Batches whole = data.train().shuffled(BATCH, 1, 0, 0)) {
            Batch batch = whole.next();
            double rate = settings.descent().rate(0, data.train().batchesPerEpoch(BATCH), 1);
            for (int half = 0; half < 2; half++) {
                try (SupernetWeights weights = new SupernetWeights(1, Device.cpu());
                    Learner learner = new Learner(weights, settings, space.learnsBatchNorm())) {
                    long own = half == 0 ? 1 : StepSeed.of(1, half, StepSeed.LEARNER);
                    learner.step(paths, half(batch, half), rate, StepSeed.of(own, 0, StepSeed.DROPOUT));
                    halves.add(values(weights.state()));
                }
            }
        }
        Rounds.Round first = new Rounds.Round(0, 0, 1, List.of());
        LearnedState nothing = new LearnedState(new TreeMap<>());
        Trainer trainer = trainer(settings, "two");
        Rounds.Learned both = Rounds.Learned.nothing(1).and(trainer.learned(first, 0, nothing)).and(trainer.learned(first, 1, nothing));
        TreeMap<String, float[]> found = values(both.mean().state());
        assertThat(found.keySet()).isEqualTo(halves.get(0).keySet());
        found.forEach((name, values) -> {
            for (int i = 0; i < values.length; i++) {
                assertThat(values[i]).as(name).isCloseTo((halves.get(0).get(name)[i] + halves.get(1).get(name)[i]) / 2, within(1e-7f));
            }
        });
        assertThat(halves.get(0).get(found.firstKey())).as("they saw different images").isNotEqualTo(halves.get(1).get(found.firstKey()));
    }

    private static Batch half(Batch batch, int number) {
        int bytes = batch.bytes().capacity() / 2;
        ByteBuffer part = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        part.put(0, batch.bytes(), number * bytes, bytes);
        int images = batch.size() / 2;
        return new Batch(part, batch.shown().of(IntStream.range(number * images, (number + 1) * images).toArray()), images, batch.height(),
            batch.width());
    }

    @Test
    void goesOnAtTheRoundWhereItWasStopped() {
        TrainingSettings settings = settings(2).in(new Rounds.Settings(2, 2, Rounds.Paths.OWN));
        TreeMap<String, float[]> expected = trained(trainer(settings, "unbroken"), TrainingListener.NONE);
        List<Long> steps = new ArrayList<>();
        TrainingListener stopped = new TrainingListener() {
            @Override
            public void step(Progress progress) {
                steps.add(progress.step());
            }

            @Override
            public boolean stops() {
                return steps.size() == 4 || steps.size() == 13;
            }
        };
        for (int stop = 0; stop < 2; stop++) {
            assertThatThrownBy(() -> trained(trainer(settings, "stopped"), stopped)).isInstanceOf(TrainingStoppedException.class);
        }
        assertSame(trained(trainer(settings, "stopped"), stopped), expected);
        assertThat(steps).hasSize(18).doesNotHaveDuplicates();
    }

    /** Steps of a round share its time, so that all of them together are no longer than the training, and wait as its learners do. */
    @Test
    void theTimeOfARoundIsThatOfAllItsSteps() {
        Trainer trainer = trainer(settings(1).in(new Rounds.Settings(2, 4, Rounds.Paths.SAME)), "timed");
        List<long[]> times = new ArrayList<>();
        List<Long> learners = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void took(long nanos, long waited) {
                times.add(new long[]{nanos, waited});
            }

            @Override
            public void step(Progress progress) {
                assertThat(times).as("told before each step").hasSize((int) progress.step());
            }
        };
        long begun = System.nanoTime();
        trained(trainer.by((round, before) -> {
            Rounds.Learned both = Rounds.Learned.nothing(round.steps()).and(trainer.learned(round, 0, before)).and(trainer.learned(round, 1, before));
            learners.add(both.nanos());
            assertThat(both.waited()).isPositive().isLessThan(both.nanos());
            return new Rounds.Learned(both.mean(), both.losses(), both.right(), both.learners(), 1000, 250);
        }), listener);
        long all = System.nanoTime() - begun;
        assertThat(times).hasSize(9).allSatisfy(time -> assertThat(time[1]).isCloseTo(time[0] / 4, within(1L)));
        long sum = times.stream().mapToLong(time -> time[0]).sum();
        assertThat(sum).isLessThanOrEqualTo(all).isGreaterThan(learners.stream().mapToLong(Long::longValue).sum() - times.size());
    }

    @Test
    void theOrderOfLearnersDoesNotMatter() {
        Trainer trainer = trainer(settings(1).in(new Rounds.Settings(4, 3, Rounds.Paths.OWN)), "four");
        Rounds.Round round = new Rounds.Round(0, 3, 3, List.of());
        LearnedState nothing = new LearnedState(new TreeMap<>());
        Rounds.Learned forth = Rounds.Learned.nothing(3);
        Rounds.Learned first = Rounds.Learned.nothing(3);
        Rounds.Learned last = Rounds.Learned.nothing(3);
        for (int number = 0; number < 4; number++) {
            forth = forth.and(trainer.learned(round, number, nothing));
        }
        first = first.and(trainer.learned(round, 3, nothing)).and(trainer.learned(round, 1, nothing));
        last = last.and(trainer.learned(round, 2, nothing)).and(trainer.learned(round, 0, nothing));
        Rounds.Learned back = last.and(first);
        assertSame(values(back.mean().state()), values(forth.mean().state()));
        assertThat(back.learners()).isEqualTo(4);
    }

    /** As several tasks of one executor are. */
    @Test
    void learnersAtOnceLearnWhatTheyDoOneAfterTheOther() {
        Trainer trainer = trainer(settings(1).in(new Rounds.Settings(2, 4, Rounds.Paths.OWN)), "at-once");
        Rounds.Round round = new Rounds.Round(0, 0, 4, List.of());
        LearnedState nothing = new LearnedState(new TreeMap<>());
        List<TreeMap<String, float[]>> expected = IntStream.range(0, 2)
            .mapToObj(number -> values(trainer.learned(round, number, nothing).mean().state()))
            .toList();
        List<CompletableFuture<Rounds.Learned>> learners = IntStream.range(0, 2).mapToObj(number -> CompletableFuture
            .supplyAsync(() -> trainer.learned(round, number, nothing), learner -> new Thread(learner).start())).toList();
        for (int number = 0; number < 2; number++) {
            assertSame(values(learners.get(number).join().mean().state()), expected.get(number));
        }
    }

    @Test
    void everyLearnerHasAnEqualPart() {
        assertThatThrownBy(() -> settings(1).in(new Rounds.Settings(3, 1, Rounds.Paths.SAME))).isInstanceOf(InputException.class)
            .hasMessage("supernet.batch: 16 (expected: a multiple of data-parallel.workers, 3, and at least 2 images each)");
        assertThatThrownBy(() -> settings(1).in(new Rounds.Settings(16, 1, Rounds.Paths.SAME))).isInstanceOf(InputException.class);
    }
}

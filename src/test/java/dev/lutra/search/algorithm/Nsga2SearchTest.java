package dev.lutra.search.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SearchProblem;
import dev.lutra.search.SmallProblem;
import dev.lutra.space.Architecture;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.moeaframework.core.PRNG;

class Nsga2SearchTest {

    private static final Nsga2Search.Settings SETTINGS = Nsga2Search.Settings.DEFAULT.withSize(32, 20);
    private static final List<Candidate> EVERY = SmallProblem.everyCandidate(List.of());
    private static final List<Constraint> TIGHT = List.of(Constraint.atMost(Measure.MACS, rank(Measure.MACS, 800)),
        Constraint.atMost(Measure.PARAMS, rank(Measure.PARAMS, 500)));

    /** The value that so many of the 4096 architectures stay below. */
    private static double rank(String measure, int count) {
        return EVERY.stream().mapToDouble(c -> c.measures().get(measure)).sorted().skip(count).findFirst().orElseThrow();
    }

    private static Front search(Nsga2Search.Settings settings, List<Constraint> constraints, AccuracySource accuracy,
        CandidateLog log) {
        return new Nsga2Search(SmallProblem.evaluator(constraints, accuracy, log), SmallProblem.OBJECTIVES, settings)
            .run(SearchListener.NONE);
    }

    private static Front search(Nsga2Search.Settings settings) {
        return search(settings, List.of(), SmallProblem.ACCURACIES, CandidateLog.inMemory());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void findsMostOfTheTrueFrontWithASmallShareOfTheEvaluations(long seed) {
        Front truth = Front.of(SmallProblem.OBJECTIVES, EVERY, Map.of());
        SmallProblem.Asked asked = new SmallProblem.Asked();
        Front found = search(SETTINGS.withSeed(seed), List.of(), asked, CandidateLog.inMemory());
        Set<Architecture> both = new HashSet<>(truth.architectures());
        both.retainAll(found.architectures());
        assertThat(truth.candidates()).hasSizeGreaterThan(20);
        assertThat(asked.calls).isLessThanOrEqualTo(640).isEqualTo(asked.architectures.size());
        assertThat(both.size()).isGreaterThan(truth.candidates().size() * 7 / 10);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void beatsRandomSearchOfTheSameBudget(long seed) {
        List<Objective> objectives = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.latency("box")),
            Objective.min(Measure.PARAMS));
        for (List<Constraint> constraints : List.of(List.<Constraint>of(), TIGHT)) {
            int generations = constraints.isEmpty() ? 10 : 4; // of at most 400 that keep the tight ones
            Nsga2Search.Settings settings = Nsga2Search.Settings.DEFAULT.withSize(24, generations).withSeed(seed);
            Front genetic = new Nsga2Search(evaluator(constraints), objectives, settings).run(SearchListener.NONE);
            Front random = new RandomSearch(new SearchProblem(evaluator(constraints), objectives, seed), settings.budget()).run(SearchListener.NONE);
            List<Candidate> both = new ArrayList<>(genetic.candidates());
            both.addAll(random.candidates());
            Hypervolume box = Hypervolume.around(objectives, both);
            assertThat(box.of(genetic.candidates())).isGreaterThan(box.of(random.candidates()));
        }
    }

    private static CandidateEvaluator evaluator(List<Constraint> constraints) {
        return SmallProblem.evaluator(constraints, SmallProblem.ACCURACIES, CandidateLog.inMemory());
    }

    @Test
    void endsOfTheFrontThatNeedNoAccuracyAreThereFromTheStart() {
        for (List<Constraint> constraints : List.of(List.<Constraint>of(), TIGHT)) {
            double least = SmallProblem.everyCandidate(constraints).stream()
                .mapToDouble(candidate -> candidate.measures().get(Measure.MACS)).min().orElseThrow();
            Front front = new Nsga2Search(evaluator(constraints),
                List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.MACS)), SETTINGS.withSize(2, 1))
                .run(SearchListener.NONE);
            assertThat(front.candidates()).extracting(candidate -> candidate.measures().get(Measure.MACS)).contains(least);
        }
    }

    @Test
    void oneSeedOneFront() {
        Front front = search(SETTINGS.withSize(16, 5));
        assertThat(search(SETTINGS.withSize(16, 5))).isEqualTo(front);
        assertThat(search(SETTINGS.withSize(16, 5).withSeed(9)).candidates()).isNotEqualTo(front.candidates());
    }

    @Test
    void theFrameworksSharedGeneratorIsNotTouched() {
        Random shared = PRNG.getRandom();
        PRNG.setRandom(new Random() {
            @Override
            protected int next(int bits) {
                throw new AssertionError("the shared generator was asked");
            }
        });
        try {
            search(SETTINGS.withSize(16, 5));
        } finally {
            PRNG.setRandom(shared);
        }
    }

    @Test
    void accuracyIsNeverComputedForWhatBreaksAConstraint() {
        CandidateEvaluator judge = evaluator(TIGHT);
        SmallProblem.Asked asked = new SmallProblem.Asked();
        Front front = search(SETTINGS, TIGHT, AccuracySource.oneByOne(architecture -> {
            assertThat(judge.isFeasible(architecture)).isTrue();
            return asked.accuracy(architecture);
        }), CandidateLog.inMemory());
        assertThat(asked.calls).isPositive();
        assertThat(front.candidates()).isNotEmpty().allMatch(candidate -> judge.isFeasible(candidate.architecture()));
        Front truth = Front.of(SmallProblem.OBJECTIVES, SmallProblem.everyCandidate(TIGHT), Map.of());
        assertThat(SmallProblem.everyCandidate(TIGHT)).hasSizeBetween(100, 400);
        assertThat(front.candidates().get(0)).isEqualTo(truth.candidates().get(0));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 40, 111})
    void aSearchThatWasCutOffContinuesFromTheLog(int cut) {
        Nsga2Search.Settings settings = SETTINGS.withSize(16, 8);
        SmallProblem.Asked unbroken = new SmallProblem.Asked();
        Front expected = search(settings, TIGHT, unbroken, CandidateLog.inMemory());

        CandidateLog log = CandidateLog.inMemory();
        SmallProblem.Asked asked = new SmallProblem.Asked();
        assertThatThrownBy(() -> search(settings, TIGHT, AccuracySource.oneByOne(architecture -> {
            if (asked.calls == cut) {
                throw new IllegalStateException("killed");
            }
            return asked.accuracy(architecture);
        }), log)).hasMessage("killed");
        assertThat(search(settings, TIGHT, asked, log)).isEqualTo(expected);
        assertThat(asked.calls).isEqualTo(unbroken.calls).isEqualTo(asked.architectures.size());
        assertThat(search(settings, TIGHT, (architectures, found) -> {
            throw new AssertionError("everything is in the log");
        }, log)).isEqualTo(expected);
    }

    @Test
    void answersMayComeInAnyOrderAndTwice() {
        Front expected = search(SETTINGS.withSize(16, 8));
        List<Integer> together = new ArrayList<>();
        AccuracySource jumbled = (architectures, found) -> {
            together.add(architectures.size());
            List<Architecture> order = new ArrayList<>(architectures);
            Collections.shuffle(order, new Random(together.size()));
            order.forEach(architecture -> found.accept(architecture, SmallProblem.accuracy(architecture)));
            found.accept(order.get(0), 99);
        };
        assertThat(search(SETTINGS.withSize(16, 8), List.of(), jumbled, CandidateLog.inMemory())).isEqualTo(expected);
        assertThat(together).as("a generation at a time").hasSize(8).allMatch(size -> size == 16);
        assertThatThrownBy(() -> search(SETTINGS.withSize(16, 8), List.of(), (architectures, found) -> {}, CandidateLog.inMemory()))
            .isInstanceOf(IllegalStateException.class).hasMessageEndingWith(": no accuracy was found");
    }

    @Test
    void extremeConstraintsAreReachedWhereChanceWouldNot() {
        double least = rank(Measure.MACS, 0);
        Front front = search(SETTINGS.withSize(8, 4), List.of(Constraint.atMost(Measure.MACS, least)), SmallProblem.ACCURACIES,
            CandidateLog.inMemory());
        assertThat(front.candidates()).isNotEmpty().allMatch(c -> c.measures().get(Measure.MACS) == least);
    }

    @Test
    void constraintsThatNothingSatisfiesAreNamedWithTheBestValueFound() {
        double least = rank(Measure.MACS, 0);
        double most = rank(Measure.latency("box"), 4095);
        assertNothing(List.of(Constraint.atMost(Measure.MACS, 10_000)), "constraints.macs: 10k is below the smallest possible, "
            + Measure.format(Measure.MACS, least, RoundingMode.CEILING) + " in small");
        assertNothing(List.of(Constraint.atLeast(Measure.latency("box"), 5e9).from("targets.box.latency")),
            "targets.box.latency: 5000 ms is above the largest possible, "
                + Measure.format(Measure.latency("box"), most, RoundingMode.FLOOR) + " in small");
    }

    @Test
    void constraintsThatOnlyExcludeEachOtherAreNamedTogether() {
        double least = rank(Measure.MACS, 0);
        assertThatThrownBy(() -> search(SETTINGS, List.of(Constraint.atMost(Measure.MACS, least),
            Constraint.atLeast(Measure.MACS, least + 1).from("constraints.least-macs")), SmallProblem.ACCURACIES,
            CandidateLog.inMemory()))
            .isInstanceOf(InputException.class)
            .hasMessageStartingWith("constraints.macs, constraints.least-macs: nothing in small satisfies macs ≤ ")
            .hasMessageContaining(" together: with macs ≥ ");
    }

    private static void assertNothing(List<Constraint> constraints, String message) {
        assertThatThrownBy(() -> search(SETTINGS, constraints, SmallProblem.ACCURACIES, CandidateLog.inMemory()))
            .isInstanceOf(InputException.class).hasMessage(message);
    }

    @Test
    void unknownMeasures() {
        assertThatThrownBy(() -> evaluator(List.of(Constraint.atLeast(Measure.ACCURACY, 0.5)))).isInstanceOf(InputException.class)
            .hasMessage("constraints.accuracy: a constraint on accuracy (expected: on one of latency:box, macs, params, score)");
        assertThatThrownBy(() -> new Nsga2Search(evaluator(List.of()), List.of(Objective.min("energy")), SETTINGS))
            .isInstanceOf(InputException.class)
            .hasMessage("objectives: energy (expected: accuracy or one of latency:box, macs, params, score)");
    }

    @Test
    void progressTellsEveryEvaluationAndEveryGeneration() {
        List<Integer> done = new ArrayList<>();
        List<SearchListener.Progress> generations = new ArrayList<>();
        Nsga2Search.Settings settings = SETTINGS.withSize(16, 6);
        Front front = new Nsga2Search(evaluator(List.of()), SmallProblem.OBJECTIVES, settings).run(new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int count, int budget) {
                assertThat(budget).isEqualTo(96);
                done.add(count);
            }

            @Override
            public void generation(Progress progress) {
                generations.add(progress);
            }
        });
        assertThat(done).hasSize(96).isSorted().doesNotHaveDuplicates();
        assertThat(generations).extracting(SearchListener.Progress::generation).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(generations).extracting(SearchListener.Progress::done).containsExactly(16, 32, 48, 64, 80, 96);
        assertThat(generations).extracting(SearchListener.Progress::hypervolume).isSorted();
        assertThat(generations.get(5).hypervolume()).isGreaterThan(generations.get(0).hypervolume());
        assertThat(generations.get(5).best())
            .containsEntry(Objective.max(Measure.ACCURACY), front.candidates().get(0).accuracy());
    }

    @Test
    void aSpaceSmallerThanTheBudgetIsSearchedOnceAndTheSearchEnds() {
        List<Constraint> constraints = List.of(Constraint.atMost(Measure.MACS, rank(Measure.MACS, 20)));
        int feasible = SmallProblem.everyCandidate(constraints).size();
        SmallProblem.Asked asked = new SmallProblem.Asked();
        search(SETTINGS.withSize(32, 1000), constraints, asked, CandidateLog.inMemory());
        assertThat(asked.calls).isBetween(feasible * 9 / 10, feasible).isEqualTo(asked.architectures.size());
    }
}

package dev.lutra.search.lutra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.BudgetedAccuracies;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Front;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SmallProblem;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.surrogate.GaussianProcess;
import dev.lutra.search.surrogate.Observations;
import dev.lutra.search.surrogate.Warp;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LutraSearchTest {

    private static final List<Candidate> EVERY = SmallProblem.everyCandidate(List.of());

    private static Front search(List<Objective> objectives, int budget, long seed, CandidateEvaluator judge) {
        return LutraSearch.Settings.DEFAULT.withBudget(budget).search(judge, objectives, seed).run(SearchListener.NONE);
    }

    private static CandidateEvaluator judge(int budget) {
        return SmallProblem.evaluator(List.of(), new BudgetedAccuracies(SmallProblem.ACCURACIES, budget), CandidateLog.inMemory());
    }

    /** With a quarter of the evaluations. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void needsFarFewerEvaluationsThanGeneticSearch(long seed) {
        Hypervolume box = Hypervolume.around(SmallProblem.OBJECTIVES, EVERY);
        Front genetic = new Nsga2Search(judge(240), SmallProblem.OBJECTIVES,
            Nsga2Search.Settings.DEFAULT.withSize(20, 12).withSeed(seed)).run(SearchListener.NONE);
        Front found = search(SmallProblem.OBJECTIVES, 60, seed, judge(60));
        assertThat(box.of(found.candidates())).isGreaterThan(box.of(genetic.candidates()))
            .isGreaterThan(0.995 * box.of(EVERY));
    }

    @Test
    void spreadsOverThreeObjectives() {
        List<Objective> objectives = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.latency("box")),
            Objective.min(Measure.PARAMS));
        Hypervolume box = Hypervolume.around(objectives, EVERY);
        assertThat(box.of(search(objectives, 100, 1, judge(100)).candidates())).isGreaterThan(0.98 * box.of(EVERY));
    }

    /** A space that is far too large to list; its best networks within a bound are known, as accuracy is a sum. */
    @Test
    void findsTheBestOfALargeSpaceUnderALimit() {
        SearchSpace space = SpaceFile.load("spos-shufflenetv2");
        Random random = new Random(2);
        double[][] gains = IntStream.range(0, 20).mapToObj(gene -> IntStream.range(0, 4)
            .mapToDouble(option -> 0.004 * random.nextDouble()).toArray()).toArray(double[][]::new);
        AccuracySource accuracy = AccuracySource.oneByOne(architecture -> 0.6
            + IntStream.range(0, 20).mapToDouble(gene -> gains[gene][architecture.value(gene)]).sum());
        List<Constraint> limits = List.of(Constraint.atMost(Measure.MACS, 330e6));
        CandidateEvaluator judge = new CandidateEvaluator(space, CheapMeasures.counted(space, Map.of()), limits,
            new BudgetedAccuracies(accuracy, 120), CandidateLog.inMemory());
        List<Objective> objectives = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.MACS));
        Front front = new LutraSearch.Settings(120, 10, 5000).search(judge, objectives, 1).run(SearchListener.NONE);

        double ceiling = 0.6 + IntStream.range(0, 20).mapToDouble(gene -> IntStream.range(0, 4).mapToDouble(o -> gains[gene][o]).max()
            .orElseThrow()).sum();
        double draws = IntStream.range(0, 20_000).mapToObj(i -> space.random(random)).mapToDouble(architecture -> 0.6
            + IntStream.range(0, 20).mapToDouble(gene -> gains[gene][architecture.value(gene)]).sum()).max().orElseThrow();
        assertThat(front.candidates()).allMatch(candidate -> candidate.measures().get(Measure.MACS) <= 330e6);
        assertThat(front.candidates().get(0).accuracy()).as("of %s at most, 20,000 draws give %s", ceiling, draws).isGreaterThan(draws);
    }

    @Test
    void firstArchitecturesCoverTheRangeOfCosts() {
        CandidateEvaluator judge = judge(1000);
        Random random = new Random(1);
        FeasibleSampler sampler = FeasibleSampler.of(judge, random);
        Judge told = new Judge(judge, SmallProblem.OBJECTIVES, sampler);
        List<Prospect> first = new Design(Prospects.of(told, sampler, 1000, random).first(), 1, random).of(20);
        double least = EVERY.stream().mapToDouble(candidate -> candidate.measures().get(Measure.MACS)).min().orElseThrow();
        assertThat(first).hasSize(20).extracting(Prospect::architecture).doesNotHaveDuplicates();
        assertThat(first.get(0).costs()).containsExactly(least);
        for (int fifth = 0; fifth < 5; fifth++) {
            double from = fifth / 5.0;
            assertThat(first.stream().filter(prospect -> prospect.level() >= from && prospect.level() <= from + 0.2))
                .as("from %s", from).hasSizeBetween(3, 6);
        }
    }

    @Test
    void bredProspectsKeepTheLimitsAndAreNew() {
        List<Constraint> limits = List.of(Constraint.atMost(Measure.MACS, EVERY.stream()
            .mapToDouble(candidate -> candidate.measures().get(Measure.MACS)).sorted().skip(800).findFirst().orElseThrow()));
        CandidateEvaluator judge = SmallProblem.evaluator(limits, SmallProblem.ACCURACIES, CandidateLog.inMemory());
        Random random = new Random(3);
        FeasibleSampler sampler = FeasibleSampler.of(judge, random);
        Judge told = new Judge(judge, SmallProblem.OBJECTIVES, sampler);
        BredProspects bred = new BredProspects(told, sampler, 2000, random);
        List<Prospect> first = bred.first();
        List<Prospect> evaluated = first.subList(0, 10);
        HashSet<Architecture> proposed = new HashSet<>();
        evaluated.forEach(prospect -> proposed.add(prospect.architecture()));
        List<Prospect> next = bred.next(evaluated, proposed, prospects -> prospects.stream()
            .mapToDouble(prospect -> SmallProblem.accuracy(prospect.architecture())).toArray());
        assertThat(next).hasSizeGreaterThan(100).allSatisfy(prospect -> {
            assertThat(judge.isFeasible(prospect.architecture())).isTrue();
            assertThat(proposed).doesNotContain(prospect.architecture());
        });
        assertThat(next).extracting(Prospect::architecture).doesNotHaveDuplicates();
    }

    @Test
    void aMeasureThatFollowsFromAccuracyIsSoughtAsWell() {
        SortedMap<String, MeasureKind> kinds = new TreeMap<>(MeasureKinds.usual());
        kinds.put("balanced", MeasureKinds.ALL.usual("balanced"));
        CheapMeasures cheap = CheapMeasures.counted(SmallProblem.SPACE, Map.of(), kinds);
        double best = EVERY.stream().mapToDouble(candidate -> cheap.completed(candidate.architecture(), candidate.measures())
            .get("balanced")).sorted().skip(EVERY.size() - 10).findFirst().orElseThrow();
        for (List<Objective> objectives : List.of(List.of(Objective.max("balanced")),
            List.of(Objective.max("accuracy"), Objective.max("balanced")))) {
            Front front = search(objectives, 60, 1, new CandidateEvaluator(SmallProblem.SPACE, cheap, List.of(),
                new BudgetedAccuracies(SmallProblem.ACCURACIES, 60), CandidateLog.inMemory()));
            assertThat(front.candidates().stream().mapToDouble(candidate -> candidate.measures().get("balanced")).max().orElseThrow())
                .as("among the ten best of 4096").isGreaterThanOrEqualTo(best);
        }
        CandidateEvaluator fresh = new CandidateEvaluator(SmallProblem.SPACE, cheap, List.of(), SmallProblem.ACCURACIES,
            CandidateLog.inMemory());
        assertThatThrownBy(() -> LutraSearch.Settings.DEFAULT.search(fresh, List.of(Objective.min("balanced")), 1))
            .as("before anything is done").isInstanceOf(InputException.class)
            .hasMessage("objectives: min balanced (expected by lutra: one that grows with accuracy; nsga2 takes any)");
    }

    @Test
    void hypervolumeToBeGainedIsThatOfTheDefinition() {
        CandidateEvaluator judge = judge(1000);
        Random random = new Random(1);
        FeasibleSampler sampler = FeasibleSampler.of(judge, random);
        Judge told = new Judge(judge, SmallProblem.OBJECTIVES, sampler);
        List<Prospect> some = new ArrayList<>(new Design(Prospects.of(told, sampler, 1000, random).first(), 1, random).of(12));
        Prospect added = some.remove(5);
        List<Candidate> known = judge.evaluate(some.stream().map(Prospect::architecture).toList(), candidate -> {});
        double floor = known.stream().mapToDouble(Candidate::accuracy).min().orElseThrow();
        Improvement improvement = new Improvement(told, floor);
        for (int i = 0; i < some.size(); i++) {
            improvement.reach(some.get(i), known.get(i).accuracy());
        }
        // as good as certain, so the expectation is what it would add
        Warp warp = GaussianProcess.of(told.genes(),
            new Observations(some.stream().map(Prospect::genes).toArray(int[][]::new),
                new double[some.size()][0], known.stream().mapToDouble(Candidate::accuracy).toArray(), new double[some.size()]))
            .warp();
        double accuracy = SmallProblem.accuracy(added.architecture());
        double expected = improvement.expected(added, warp, warp.target(accuracy), 1e-6);

        double sum = 0;
        int steps = 100_000;
        for (int step = 0; step < steps; step++) {
            double macs = told.least(0) + (step + 0.5) / steps * (told.most(0) - told.least(0));
            double reached = IntStream.range(0, some.size()).filter(i -> some.get(i).costs()[0] <= macs)
                .mapToDouble(i -> known.get(i).accuracy()).reduce(floor, Math::max);
            sum += added.costs()[0] <= macs ? Math.max(0, accuracy - reached) / steps : 0;
        }
        assertThat(expected).isCloseTo(sum, within(0.001 + 0.02 * sum));
    }
}

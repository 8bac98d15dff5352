package dev.lutra.search.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.NormalisedScore;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Candidates;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SmallProblem;
import dev.lutra.space.Architecture;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Published searches against their definitions. */
class PublishedSearchesTest {

    private static final List<Objective> OBJECTIVES = SmallProblem.OBJECTIVES;

    private static Algorithm algorithm(String name, String settings) {
        return Algorithms.ALL.read(name, YamlNode.parse("test", settings));
    }

    private static CandidateEvaluator judge(AccuracySource accuracy) {
        return SmallProblem.evaluator(List.of(), accuracy, CandidateLog.inMemory());
    }

    /** What a search asks for, generation by generation. */
    private static List<List<Architecture>> generations(Algorithm algorithm) {
        List<List<Architecture>> generations = new ArrayList<>();
        algorithm.search(judge((architectures, found) -> {
            generations.add(architectures);
            SmallProblem.ACCURACIES.find(architectures, found);
        }), OBJECTIVES, 7).run(SearchListener.NONE);
        return generations;
    }

    private static List<Architecture> best(List<List<Architecture>> generations, int count) {
        return generations.stream().flatMap(List::stream).sorted(Comparator.comparingDouble(a -> -SmallProblem.accuracy(a)))
            .limit(count).toList();
    }

    /** Whether each gene of a child is from one of the parents. */
    private static boolean isCrossover(Architecture child, List<Architecture> parents) {
        return parents.stream().anyMatch(mother -> parents.stream().anyMatch(father -> IntStream.range(0, 6)
            .allMatch(gene -> child.value(gene) == mother.value(gene) || child.value(gene) == father.value(gene))));
    }

    @Test
    void sposHasParentsOfAllGenerationsAndHalfOfItsChildrenAreCrossovers() {
        List<List<Architecture>> generations = generations(algorithm("spos", "{population: 50, generations: 8, top: 4}"));
        assertThat(generations).hasSize(8).allMatch(generation -> generation.size() == 50);
        boolean anOldParentCounts = false;
        for (int i = 1; i < generations.size(); i++) {
            List<Architecture> top = best(generations.subList(0, i), 4);
            List<Architecture> crossovers = generations.get(i).stream().filter(child -> isCrossover(child, top)).toList();
            // first the crossovers, as far as four parents have so many that are new, then mutants, which differ in some gene
            long leading = generations.get(i).stream().takeWhile(child -> isCrossover(child, top)).count();
            assertThat(leading).as("crossovers in generation %s", i + 1).isGreaterThanOrEqualTo(Math.min(25, crossovers.size() / 2));
            List<Architecture> latest = generations.get(i - 1);
            anOldParentCounts |= !latest.containsAll(top);
        }
        assertThat(anOldParentCounts).as("the best are kept over generations").isTrue();
    }

    @Test
    void sposIsThePublishedOneUnlessToldOtherwise() {
        assertThat(Algorithms.ALL.usual("spos")).isEqualTo(new SposSearch.Settings(50, 20, 10, 0.1));
        assertThat(Algorithms.ALL.usual("spos").budget()).as("P times T").isEqualTo(1000);
    }

    @Test
    void oneShotRetainsTheBestAndSomeOfTheOthers() {
        OneShotSearch search = (OneShotSearch) algorithm("oneshot-s-plus", "{most-score: 0}").search(judge(SmallProblem.ACCURACIES),
            OBJECTIVES, 1);
        List<Candidate> population = SmallProblem.everyCandidate(List.of()).subList(0, 50);
        List<Candidate> byAccuracy = population.stream().sorted(Comparator.comparingDouble(c -> -c.accuracy())).toList();
        Random random = new Random(1);
        int others = 0;
        for (int i = 0; i < 2000; i++) {
            List<Candidate> stay = search.retained(population, random);
            assertThat(stay.subList(0, 10)).isEqualTo(byAccuracy.subList(0, 10));
            others += stay.size() - 10;
        }
        assertThat(others / 2000.0).as("a tenth of 40").isCloseTo(4, within(0.2));
        assertThat(Algorithms.ALL.usual("oneshot-s-plus"))
            .isEqualTo(new OneShotSearch.Settings(50, 20, 10, 0.1, 0.1, 1, 1, OneShotSearch.Fitness.ACC));
    }

    /** A record of its log: 288.2 M and 3.5 M parameters are 0.954 of SPOS's network in the mean. */
    @Test
    void oneShotsBalancedFitnessIsAccuracyLessTheMeanScore() {
        Candidate candidate = new Candidate(SmallProblem.SPACE.architecture(new int[6]),
            Measures.of(Map.of(Measure.ACCURACY, 0.6221699617346939, Measure.MACS, 288_200_000.0, Measure.PARAMS, 3_500_000.0)));
        double score = 0.5 * 288.2 / 328 + 0.5 * 3.5 / 3.4;
        OneShotSearch balanced = (OneShotSearch) algorithm("oneshot-s-plus", "{fitness: balanced, most-score: 0, ratio: 0.5}")
            .search(judge(SmallProblem.ACCURACIES), OBJECTIVES, 1);
        assertThat(balanced.fitness(candidate)).isCloseTo(0.6221699617346939 - 0.5 * score, within(1e-12));
        OneShotSearch accuracy = (OneShotSearch) algorithm("oneshot-s-plus", "{most-score: 0}").search(judge(SmallProblem.ACCURACIES),
            OBJECTIVES, 1);
        assertThat(accuracy.fitness(candidate)).isEqualTo(0.6221699617346939);
    }

    @Test
    void oneShotKeepsTheMeanScoreNotTheSum() {
        List<Candidate> every = SmallProblem.everyCandidate(List.of());
        double[] means = every.stream().mapToDouble(candidate -> NormalisedScore.SPOS.mean(new Cost(
            (long) (double) candidate.measures().get(Measure.MACS), (long) (double) candidate.measures().get(Measure.PARAMS)))).sorted()
            .toArray();
        double bound = means[1000];
        List<List<Architecture>> generations = generations(
            algorithm("oneshot-s-plus", "{population: 20, generations: 4, retain: 5, most-score: " + bound + "}"));
        assertThat(generations.stream().flatMap(List::stream)).hasSizeGreaterThan(40).allSatisfy(architecture -> {
            Measures measures = SmallProblem.CHEAP.of(architecture);
            assertThat(NormalisedScore.SPOS.mean(new Cost((long) measures.get(Measure.MACS), (long) measures.get(Measure.PARAMS))))
                .isLessThanOrEqualTo(bound);
        });
    }

    @Test
    void crowdingCountsWithItsWeights() {
        List<Candidate> front = List.of(candidate(0.9, 10), candidate(0.8, 6), candidate(0.5, 5), candidate(0.4, 0));
        Map<Candidate, Double> even = new WeightedOrder(OBJECTIVES, new double[]{1, 1}).distances(front);
        assertThat(even.get(front.get(1))).isCloseTo(0.4 / 0.5 + 5.0 / 10, within(1e-12));
        assertThat(even.get(front.get(2))).isCloseTo(0.4 / 0.5 + 6.0 / 10, within(1e-12));
        assertThat(even.get(front.get(0))).isInfinite();
        Map<Candidate, Double> weighted = new WeightedOrder(OBJECTIVES, new double[]{3, 0.5}).distances(front);
        assertThat(weighted.get(front.get(1))).isCloseTo(3 * 0.4 / 0.5 + 0.5 * 5.0 / 10, within(1e-12));
        List<Candidate> beaten = new ArrayList<>(front);
        beaten.add(candidate(0.45, 7));
        assertThat(new WeightedOrder(OBJECTIVES, new double[]{1, 1}).sorted(beaten).get(4)).isEqualTo(beaten.get(4));
    }

    private static Candidate candidate(double accuracy, double macs) {
        return new Candidate(SmallProblem.SPACE.architecture(new int[6]), Measures.of(Map.of(Measure.ACCURACY, accuracy, Measure.MACS, macs)));
    }

    /** Iterations of new architectures only, which the moved best are better than what was drawn at first. */
    @Test
    void naoEvaluatesWhatItDecodesFromTheMovedBest() {
        List<List<Architecture>> pools = generations(algorithm("nao", "{first: 60, new: 20, iterations: 3, top: 15, steps: 30, epochs: 40}"));
        assertThat(pools.stream().map(List::size)).containsExactly(60, 20, 20);
        assertThat(pools.stream().flatMap(List::stream)).doesNotHaveDuplicates();
        double drawn = pools.get(0).stream().mapToDouble(SmallProblem::accuracy).average().orElseThrow();
        double best = SmallProblem.accuracy(best(pools.subList(0, 1), 1).get(0));
        for (List<Architecture> later : pools.subList(1, 3)) {
            assertThat(later.stream().mapToDouble(SmallProblem::accuracy).average().orElseThrow()).isGreaterThan(drawn + 0.02);
        }
        assertThat(SmallProblem.accuracy(best(pools, 1).get(0))).isGreaterThan(best);
        assertThat(Algorithms.ALL.usual("nao").budget()).as("1,000, then three times 300").isEqualTo(1900);
    }

    @Test
    void weightsAreReadByMeasure() {
        assertThat(((MogaSearch) algorithm("moga", "weights: {params: 0.3, accuracy: 2}")).common()
            .order(List.of(Objective.max("accuracy"), Objective.min("macs"), Objective.max("params"))).weights())
            .containsExactly(2, 1, 0.3);
        assertThatThrownBy(() -> algorithm("moga", "weights: {params: -1}")).isInstanceOf(InputException.class)
            .hasMessageContaining("weights.params");
        assertThatThrownBy(() -> algorithm("moga", "weights: {latency: 2}").search(SmallProblem.evaluator(List.of(), SmallProblem.ACCURACIES,
            CandidateLog.inMemory()), OBJECTIVES, 1)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("search: weights: latency (expected: one of the objectives, accuracy, ");
    }

    @Test
    void aPolicyLearnsWhatIsRewarded() {
        Policy policy = new Policy(new int[]{3, 2}, 1);
        assertThat(policy.probabilities(0)).containsExactly(1.0 / 3, 1.0 / 3, 1.0 / 3);
        Random random = new Random(3);
        for (int i = 0; i < 300; i++) {
            int[] choices = {policy.draw(0, random), -1};
            policy.learn(choices, choices[0] == 2 ? 1 : 0);
        }
        assertThat(policy.probabilities(0)[2]).isGreaterThan(0.9);
        assertThat(policy.probabilities(1)).as("never asked").containsExactly(0.5, 0.5);
        long[] drawn = new long[3];
        for (int i = 0; i < 10_000; i++) {
            drawn[policy.draw(0, random)]++;
        }
        for (int option = 0; option < 3; option++) {
            assertThat(drawn[option] / 10_000.0).isCloseTo(policy.probabilities(0)[option], within(0.02));
        }
    }

    /** With one way only, mutants have options of the front alone, at the rate that is set. */
    @Test
    void fairNasMutantsThatFollowTheFrontHaveItsOptions() {
        FairNasSearch settings = (FairNasSearch) algorithm("fairnas", "{mutation: 1, random: 0, reinforced: 0, rate: 0.5}");
        CandidateEvaluator judge = judge(SmallProblem.ACCURACIES);
        Candidates candidates = new Candidates(judge, OBJECTIVES, SearchListener.NONE, 1000);
        Breeder breeder = new Breeder(candidates, judge, new Random(5));
        WeightedOrder order = new WeightedOrder(OBJECTIVES, new double[]{1, 1});
        List<Architecture> first = breeder.fresh(30);
        candidates.evaluate(first);
        List<Candidate> sorted = order.sorted(first.stream().map(candidates::get).toList());
        List<Candidate> front = order.unbeaten(sorted);
        List<Architecture> children = new ReinforcedOffspring(breeder, order, 6, settings).of(sorted, 100);
        assertThat(children).hasSizeGreaterThan(50).allSatisfy(child -> assertThat(sorted).anyMatch(parent -> IntStream.range(0, 6)
            .allMatch(gene -> child.value(gene) == parent.architecture().value(gene)
                || front.stream().anyMatch(other -> other.architecture().value(gene) == child.value(gene)))));
        assertThat(Arrays.asList(0.8, 0.2, 0.65)).containsExactly(((FairNasSearch) Algorithms.ALL.usual("fairnas")).shares().mutation(),
            ((FairNasSearch) Algorithms.ALL.usual("fairnas")).shares().random(),
            ((FairNasSearch) Algorithms.ALL.usual("fairnas")).shares().reinforced());
    }

    @Test
    void aBoundOnTheScoreNeedsTheScore() {
        CandidateEvaluator without = new CandidateEvaluator(SmallProblem.SPACE, new CheapMeasures() {
            @Override
            public SortedSet<String> names() {
                return new TreeSet<>(List.of(Measure.MACS));
            }

            @Override
            public Measures of(Architecture architecture) {
                return Measures.of(Map.of(Measure.MACS, 1.0));
            }
        }, List.<Constraint>of(), SmallProblem.ACCURACIES, CandidateLog.inMemory());
        assertThatThrownBy(() -> Algorithms.ALL.usual("oneshot-s-plus").search(without, OBJECTIVES, 1))
            .isInstanceOf(InputException.class).hasMessageContaining("most-score");
    }
}

package dev.lutra.search.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.SearchProblem;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.SearchListener;
import dev.lutra.search.SmallProblem;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The random operators do what they say, as far as chi-squared tests tell. */
class OperatorTest {

    private static final int TRIALS = 40_000;

    /** The statistic has mean {@code freedom} and variance 2 · freedom; four deviations above is a chance of well below 1 %. */
    private static void assertFits(long[] observed, double[] expected) {
        double statistic = 0;
        for (int i = 0; i < observed.length; i++) {
            statistic += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
        }
        int freedom = observed.length - 1;
        assertThat(statistic).as(Arrays.toString(observed)).isLessThan(freedom + 4 * Math.sqrt(2.0 * freedom));
    }

    private static double[] uniform(int cells) {
        double[] expected = new double[cells];
        Arrays.fill(expected, (double) TRIALS / cells);
        return expected;
    }

    @Test
    void crossoverTakesEveryGeneFromEitherParentIndependently() {
        Random random = new Random(1);
        long[] children = new long[1 << 5];
        for (int i = 0; i < TRIALS; i++) {
            int[] child = Nsga2Search.crossover(new int[5], new int[]{1, 1, 1, 1, 1}, random);
            children[Arrays.stream(child).reduce(0, (code, gene) -> 2 * code + gene)]++;
        }
        assertFits(children, uniform(children.length));
    }

    @Test
    void mutationDrawsOneGeneInTenAnewFromAllItsOptions() {
        Random random = new Random(2);
        int[] options = {4, 2, 7};
        int[][] positions = Arrays.stream(options).mapToObj(size -> IntStream.range(0, size).toArray()).toArray(int[][]::new);
        int[] old = {3, 0, 5};
        long[][] drawn = {new long[4], new long[2], new long[7]};
        long[] changed = new long[4];
        for (int i = 0; i < TRIALS; i++) {
            int[] mutant = Nsga2Search.mutate(old, positions, 0.1, random);
            int count = 0;
            for (int gene = 0; gene < options.length; gene++) {
                drawn[gene][mutant[gene]]++;
                count += mutant[gene] == old[gene] ? 0 : 1;
            }
            changed[count]++;
        }
        for (int gene = 0; gene < options.length; gene++) {
            double[] expected = new double[options[gene]];
            Arrays.fill(expected, TRIALS * 0.1 / options[gene]);
            expected[old[gene]] += TRIALS * 0.9;
            assertFits(drawn[gene], expected);
        }
        double a = 0.1 * 3 / 4;
        double b = 0.1 / 2;
        double c = 0.1 * 6 / 7;
        double none = (1 - a) * (1 - b) * (1 - c);
        double all = a * b * c;
        double one = a * (1 - b) * (1 - c) + (1 - a) * b * (1 - c) + (1 - a) * (1 - b) * c;
        assertFits(changed, new double[]{TRIALS * none, TRIALS * one, TRIALS * (1 - none - one - all), TRIALS * all});
    }

    @Test
    void unconstrainedDrawsAreUniform() {
        assertUniform(List.of());
    }

    @Test
    void drawsUnderConstraintsThatChanceMeetsAreUniformOverWhatIsFeasible() {
        assertUniform(List.of(Constraint.atMost("sum", 9), Constraint.atLeast("sum", 6)));
    }

    private static void assertUniform(List<Constraint> constraints) {
        CandidateEvaluator evaluator = evaluator(constraints);
        List<Architecture> feasible = SmallProblem.everyArchitecture().stream().filter(evaluator::isFeasible).toList();
        Map<Architecture, Integer> cells = feasible.stream().collect(Collectors.toMap(Function.identity(), feasible::indexOf));
        FeasibleSampler sampler = FeasibleSampler.of(evaluator, new Random(3));
        long[] drawn = new long[feasible.size()];
        for (int i = 0; i < TRIALS; i++) {
            drawn[cells.get(sampler.draw())]++;
        }
        assertFits(drawn, uniform(drawn.length));
    }

    @Test
    void repairedDrawsKeepTightConstraintsAndDiffer() {
        CandidateEvaluator evaluator = evaluator(List.of(Constraint.atMost("sum", 1))); // 7 of 4096
        FeasibleSampler sampler = FeasibleSampler.of(evaluator, new Random(4));
        SortedSet<String> drawn = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            Architecture architecture = sampler.draw();
            assertThat(evaluator.isFeasible(architecture)).isTrue();
            drawn.add(architecture.toString());
        }
        assertThat(drawn).hasSize(7);
    }

    /** Training may have dropped options: nothing that has one of them is offered, drawn, bred or repaired. */
    @Test
    void searchesOfferNoOptionThatIsLeftOut() {
        Options left = Options.all(SmallProblem.SPACE).without(0, 0).without(2, 3).without(2, 1).without(5, 2);
        CandidateEvaluator some = new CandidateEvaluator(left, SmallProblem.CHEAP,
            List.of(Constraint.atMost(Measure.MACS, macs(left, new Random(8)))), SmallProblem.ACCURACIES, CandidateLog.inMemory());
        List<Architecture> found = new ArrayList<>();
        SearchListener listener = new SearchListener() {
            @Override
            public void evaluated(Candidate candidate, int done, int budget) {
                found.add(candidate.architecture());
            }
        };
        new Nsga2Search(some, SmallProblem.OBJECTIVES, Nsga2Search.Settings.DEFAULT.withSize(20, 10)).run(listener);
        new RandomSearch(new SearchProblem(some, SmallProblem.OBJECTIVES, 5), 100).run(listener);
        assertThat(found).hasSizeGreaterThan(200).allMatch(left::make);
        assertThat(found).extracting(architecture -> architecture.value(2)).containsOnly(0, 2);
        int[] values = found.get(0).values();
        values[2] = 3;
        assertThat(some.isFeasible(SmallProblem.SPACE.architecture(values))).isFalse();
        assertThat(left.nearest(values).value(2)).isZero();
    }

    /** MACs of a middling network. */
    private static double macs(Options options, Random random) {
        return IntStream.range(0, 9).mapToDouble(i -> SmallProblem.CHEAP.of(options.draw(random)).get(Measure.MACS)).sorted().toArray()[4];
    }

    /** Measures the sum of the gene values, without building a network. */
    private static CandidateEvaluator evaluator(List<Constraint> constraints) {
        CheapMeasures sum = new CheapMeasures() {
            @Override
            public SortedSet<String> names() {
                return new TreeSet<>(List.of("sum"));
            }

            @Override
            public Measures of(Architecture architecture) {
                return Measures.of(Map.of("sum", (double) Arrays.stream(architecture.values()).sum()));
            }
        };
        return new CandidateEvaluator(SmallProblem.SPACE, sum, constraints, SmallProblem.ACCURACIES, CandidateLog.inMemory());
    }
}

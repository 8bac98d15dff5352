package dev.lutra.search.feasible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.SmallProblem;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.SortedSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Enumeration of the small space is the oracle. */
class SlotSamplerTest {

    private static final String LATENCY = Measure.latency("box");
    private static final double CHANCE = 1e-4; // of a correct sampler to fail a test; the seeds are fixed

    private static double quantile(String measure, double share) {
        double[] sorted = SmallProblem.everyArchitecture().stream().mapToDouble(a -> SmallProblem.CHEAP.of(a).get(measure)).sorted().toArray();
        return sorted[(int) (share * (sorted.length - 1))];
    }

    private static Constraint atMost(String measure, double share) {
        return Constraint.atMost(measure, quantile(measure, share));
    }

    private static Constraint atLeast(String measure, double share) {
        return Constraint.atLeast(measure, quantile(measure, share));
    }

    static Stream<List<Constraint>> constraints() {
        return Stream.of(List.of(), List.of(atMost(Measure.MACS, 0.1)), List.of(atMost(Measure.MACS, 0)),
            List.of(atMost(LATENCY, 0)), List.of(atLeast(LATENCY, 1)), List.of(atMost(Measure.SCORE, 0)), List.of(atLeast(Measure.SCORE, 1)),
            List.of(atMost(LATENCY, 0.05)), List.of(atLeast(LATENCY, 0.95)), List.of(atMost(Measure.PARAMS, 0.3)),
            List.of(atMost(Measure.SCORE, 0.2)), List.of(atLeast(Measure.MACS, 0.5), atMost(Measure.MACS, 0.55)),
            List.of(atMost(LATENCY, 0.3), atMost(Measure.PARAMS, 0.3)),
            List.of(atMost(LATENCY, 0.4), atLeast(Measure.PARAMS, 0.3), atLeast(Measure.MACS, 0.1)),
            List.of(atMost(LATENCY, 0.4), atMost(Measure.PARAMS, 0.4), atMost(Measure.MACS, 0.5), atMost(Measure.SCORE, 0.4)));
    }

    private static CandidateEvaluator evaluator(List<Constraint> constraints) {
        return SmallProblem.evaluator(constraints, SmallProblem.ACCURACIES, CandidateLog.inMemory());
    }

    private static FeasibleSampler sampler(CandidateEvaluator evaluator, long seed) {
        FeasibleSampler sampler = FeasibleSampler.of(evaluator, new Random(seed));
        assertThat(sampler).isInstanceOf(SlotSampler.class);
        return sampler;
    }

    @ParameterizedTest
    @MethodSource("constraints")
    void drawsAreUniformOverWhatKeepsTheConstraints(List<Constraint> constraints) {
        CandidateEvaluator evaluator = evaluator(constraints);
        List<Architecture> feasible = SmallProblem.everyArchitecture().stream().filter(evaluator::isFeasible).toList();
        assertThat(feasible).isNotEmpty();
        FeasibleSampler sampler = sampler(evaluator, 1);
        Map<Architecture, Integer> drawn = new HashMap<>();
        for (int i = 0; i < 15 * feasible.size(); i++) {
            drawn.merge(sampler.draw(), 1, Integer::sum);
        }
        assertThat(feasible).containsAll(drawn.keySet());
        if (feasible.size() > 1) {
            double[] expected = feasible.stream().mapToDouble(a -> 15).toArray();
            long[] observed = feasible.stream().mapToLong(a -> drawn.getOrDefault(a, 0)).toArray();
            assertThat(new ChiSquareTest().chiSquareTest(expected, observed)).isGreaterThan(CHANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("constraints")
    void theBestByASumIsTheBestThereIs(List<Constraint> constraints) {
        CandidateEvaluator evaluator = evaluator(constraints);
        FeasibleSampler sampler = sampler(evaluator, 2);
        for (Objective objective : List.of(Objective.min(Measure.MACS), Objective.max(Measure.PARAMS), Objective.min(LATENCY))) {
            double best = SmallProblem.everyArchitecture().stream().filter(evaluator::isFeasible)
                .mapToDouble(a -> objective.loss(evaluator.cheap(a))).min().orElseThrow();
            assertThat(objective.loss(evaluator.cheap(sampler.best(objective)))).as(objective.toString()).isEqualTo(best);
        }
    }

    /** Counts how often measures are asked for: once for every draw that is looked at. */
    private static final class Counting implements CheapMeasures {
        private final CheapMeasures measures;
        private int asked;

        Counting(CheapMeasures measures) {
            this.measures = measures;
        }

        @Override
        public SortedSet<String> names() {
            return measures.names();
        }

        @Override
        public Measures of(Architecture architecture) {
            asked++;
            return measures.of(architecture);
        }

        @Override
        public Optional<Slots> slots() {
            return measures.slots();
        }

        @Override
        public Optional<SlotSum> slotSum(String measure) {
            return measures.slotSum(measure);
        }
    }

    @Test
    void noDrawIsRejectedInTheSpaceOfSposUnder330MMacs() {
        SearchSpace space = SpaceFile.load("spos-shufflenetv2");
        Counting counting = new Counting(CheapMeasures.counted(space, Map.of()));
        CandidateEvaluator evaluator = new CandidateEvaluator(space, counting, List.of(Constraint.atMost(Measure.MACS, 330e6)),
            SmallProblem.ACCURACIES, CandidateLog.inMemory());
        FeasibleSampler sampler = sampler(evaluator, 3);
        for (int i = 0; i < 5_000; i++) {
            assertThat(sampler.draw()).matches(evaluator::isFeasible);
        }
        assertThat(counting.asked).isEqualTo(2 * 5_000); // once by the sampler and once here
    }

    @Test
    void fewDrawsAreRejectedUnderALimitOnLatencyThatOneInAMillionKeeps() {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12");
        Counting counting = new Counting(CheapMeasures.counted(space,
            Map.of("note10", new LatencyModel(LookupTable.load(Path.of("../lut/note10-ofa.json"))))));
        CandidateEvaluator evaluator = new CandidateEvaluator(space, counting,
            List.of(Constraint.atMost(Measure.latency("note10"), 20e6)), SmallProblem.ACCURACIES, CandidateLog.inMemory());
        FeasibleSampler sampler = sampler(evaluator, 4);
        for (int i = 0; i < 1_000; i++) {
            assertThat(sampler.draw()).matches(evaluator::isFeasible);
        }
        assertThat(counting.asked).isBetween(2_000, 2_050);
    }

    @Test
    void optionsThatAreLeftOutAreNotDrawn() {
        Options some = Options.all(SmallProblem.SPACE).without(0, 0).without(0, 1).without(5, 3);
        CandidateEvaluator evaluator = new CandidateEvaluator(some, SmallProblem.CHEAP, List.of(atMost(Measure.MACS, 0.5)),
            SmallProblem.ACCURACIES, CandidateLog.inMemory());
        FeasibleSampler sampler = sampler(evaluator, 5);
        for (int i = 0; i < 500; i++) {
            assertThat(sampler.draw()).matches(evaluator::isFeasible);
        }
    }

    private static String refusal(List<Constraint> constraints) {
        try {
            FeasibleSampler.of(evaluator(constraints), new Random(6)).draw();
            throw new AssertionError("was not refused");
        } catch (InputException e) {
            return e.getMessage();
        }
    }

    private static double reach(String measure, boolean least, Predicate<Measures> kept) {
        Stream<Double> values = SmallProblem.everyArchitecture().stream().map(SmallProblem.CHEAP::of).filter(kept).map(m -> m.get(measure));
        OptionalDouble reached = least
            ? values.mapToDouble(Double::doubleValue).min()
            : values.mapToDouble(Double::doubleValue).max();
        return reached.orElseThrow();
    }

    @Test
    void whatNothingKeepsIsRefusedWithTheSmallestPossible() {
        Constraint tooLittle = Constraint.atMost(LATENCY, 10_000);
        Constraint params = atMost(Measure.PARAMS, 0.02);
        double alone = reach(LATENCY, true, any -> true);
        double together = reach(LATENCY, true, params::holds);
        assertThat(together).isGreaterThan(alone);
        assertThat(refusal(List.of(tooLittle, params))).isEqualTo("constraints.latency:box: 0.01 ms is below the smallest possible, "
            + tooLittle.described(alone) + " in small; with " + params + " the smallest latency:box is " + tooLittle.described(together));
        Constraint tooMuch = Constraint.atLeast(Measure.PARAMS, 1e12);
        assertThat(refusal(List.of(tooMuch))).isEqualTo("constraints.params: 1000G is above the largest possible, "
            + tooMuch.described(reach(Measure.PARAMS, false, any -> true)) + " in small");
    }

    @Test
    void whatExcludesEachOtherIsRefusedWithWhatIsLeftUnderEither() {
        Constraint fast = atMost(LATENCY, 0.1);
        Constraint large = atLeast(Measure.MACS, 0.9);
        String message = refusal(List.of(fast, large));
        assertThat(message).isEqualTo("constraints.latency:box, constraints.macs: nothing in small satisfies " + fast + ", " + large
            + " together: with " + large + " the smallest latency:box is " + fast.described(reach(LATENCY, true, large::holds))
            + "; with " + fast + " the largest macs is " + large.described(reach(Measure.MACS, false, fast::holds)));
    }

    /** Sums too close to each other for any grid: exact search decides. */
    @Test
    void boundsThatHardlyAnythingKeepsTogetherAreSettledExactly() {
        Measures one = SmallProblem.CHEAP.of(SmallProblem.everyArchitecture().get(1234));
        List<Constraint> only = Stream.of(Measure.MACS, Measure.PARAMS, LATENCY)
            .flatMap(name -> Stream.of(Constraint.atMost(name, one.get(name)), Constraint.atLeast(name, one.get(name)))).toList();
        CandidateEvaluator evaluator = evaluator(only);
        assertThat(sampler(evaluator, 7).draw()).matches(evaluator::isFeasible);
        assertThatThrownBy(() -> FeasibleSampler.of(evaluator(List.of(Constraint.atMost(Measure.MACS, one.get(Measure.MACS) - 0.5),
            Constraint.atLeast(Measure.MACS, one.get(Measure.MACS) - 0.75))), new Random(8)).draw()).isInstanceOf(InputException.class)
            .hasMessageContaining(" together");
    }
}

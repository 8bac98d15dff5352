package dev.lutra.search.feasible;

import dev.lutra.InputException;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Where measures are sums over slots: draws are uniform over all architectures that keep the constraints, by counting them
 * ({@link Grid}), and what can be reached is known exactly. At most three measures are counted together, those whose bounds leave
 * the shortest range; bounds on others, and on measures that are no such sums, reject draws. If they reject nearly all, the
 * bounds on sums are settled exactly ({@link Cheapest}), and the rest is left to {@link Descent}.
 */
final class SlotSampler implements FeasibleSampler {

    private static final int MOST_COUNTED = 3;
    private static final int MOST_REJECTED = 10_000;
    /** As long as chance is all that leads to measures that are no sums. */
    private static final int MOST_REJECTED_BY_OTHERS = 50;

    private final Slots slots;
    private final CandidateEvaluator evaluator;
    private final Random random;
    /** By slot: one of each that make the same architecture. */
    private final List<int[]> combinations;
    private final List<Constraint> onSums;
    private final List<BoundedSum.Excess> bounds;
    private final Optional<Grid> grid;
    private final Descent descent;

    /**
     * @throws InputException if no architecture keeps the constraints on sums, with what can be reached
     */
    SlotSampler(Slots slots, CandidateEvaluator evaluator, Random random) {
        this.slots = slots;
        this.evaluator = evaluator;
        this.random = random;
        combinations = IntStream.range(0, slots.count()).mapToObj(slot -> slots.different(slot, evaluator.options())).toList();
        onSums = evaluator.constraints().stream().filter(constraint -> evaluator.slotSum(constraint.measure()).isPresent()).toList();
        bounds = bounds(onSums);
        List<BoundedSum.Excess> counted = bounds.stream().sorted(Comparator.comparingDouble(SlotSampler::leftRange)).limit(MOST_COUNTED)
            .toList();
        grid = counted.isEmpty() ? Optional.empty() : Optional.of(new Grid(counted.toArray(BoundedSum.Excess[]::new)));
        descent = new Descent(evaluator, random);
        if (grid.isPresent() && grid.get().size() == 0) {
            throw unreachable();
        }
    }

    /** A measure's sum for the combinations on offer. */
    private Optional<SlotSum> sum(String measure) {
        return evaluator.slotSum(measure).map(all -> {
            List<double[]> offered = new ArrayList<>();
            for (int slot = 0; slot < slots.count(); slot++) {
                double[] parts = all.parts().get(slot);
                offered.add(IntStream.of(combinations.get(slot)).mapToDouble(combination -> parts[combination]).toArray());
            }
            return new SlotSum(all.fixed(), offered, all.value());
        });
    }

    private List<BoundedSum.Excess> bounds(List<Constraint> constraints) {
        Map<String, List<Constraint>> byMeasure = constraints.stream()
            .collect(Collectors.groupingBy(Constraint::measure, LinkedHashMap::new, Collectors.toList()));
        List<BoundedSum.Excess> found = new ArrayList<>();
        byMeasure.forEach((measure, own) -> {
            BoundedSum bounded = BoundedSum.of(sum(measure).orElseThrow(), own);
            if (bounded.isBounded()) {
                found.add(bounded.excess());
            }
        });
        return found;
    }

    /** The share of its range that a sum may take. */
    private static double leftRange(BoundedSum.Excess excess) {
        double range = 0;
        for (double[] parts : excess.parts()) {
            double most = 0;
            for (double part : parts) {
                most = Math.max(most, part);
            }
            range += most;
        }
        return (Math.min(range, excess.most()) - Math.max(0, excess.least())) / range;
    }

    /** @param chosen by slot, numbers of combinations on offer */
    private Architecture architecture(int[] chosen) {
        int[] values = new int[slots.space().genes().size()];
        for (int slot = 0; slot < chosen.length; slot++) {
            slots.set(values, slot, combinations.get(slot)[chosen[slot]]);
        }
        return slots.space().architecture(values);
    }

    @Override
    public Architecture draw() {
        boolean areAllOnSums = onSums.size() == evaluator.constraints().size();
        for (int i = 0; i < (areAllOnSums ? MOST_REJECTED : MOST_REJECTED_BY_OTHERS); i++) {
            Architecture architecture = architecture(grid.map(counted -> counted.draw(random)).orElseGet(this::drawFree));
            if (evaluator.isFeasible(architecture)) {
                return architecture;
            }
        }
        return areAllOnSums ? settled() : descent.draw();
    }

    /** Where draws are of no use: one that keeps the bounds on sums, if any does. */
    private Architecture settled() {
        Architecture found = cheapest(parts(onSums.get(0).measure(), 1), bounds).orElseThrow(this::unreachable);
        return evaluator.isFeasible(found) ? found : descent.draw(); // bounds on sums are off by a rounding
    }

    private int[] drawFree() {
        return combinations.stream().mapToInt(offered -> random.nextInt(offered.length)).toArray();
    }

    private double[][] parts(String measure, int sign) {
        return sum(measure).orElseThrow().parts().stream()
            .map(parts -> IntStream.range(0, parts.length).mapToDouble(i -> sign * parts[i]).toArray()).toArray(double[][]::new);
    }

    private Optional<Architecture> cheapest(double[][] cost, List<BoundedSum.Excess> under) {
        return Cheapest.of(cost, under).map(this::architecture);
    }

    @Override
    public Optional<Architecture> repair(Architecture architecture, Predicate<Architecture> wanted) {
        return descent.repair(architecture, wanted);
    }

    /** Exactly the best where the objective is a sum and so is what is bounded. */
    @Override
    public Architecture best(Objective objective) {
        return sum(objective.measure())
            .flatMap(sum -> cheapest(parts(objective.measure(), objective.direction() == Objective.Direction.MIN ? 1 : -1), bounds))
            .filter(evaluator::isFeasible).orElseGet(() -> descent.best(objective));
    }

    private InputException unreachable() {
        return Unreachable.exception(slots.space(), onSums, (constraint, others) -> {
            int sign = constraint.side() == Constraint.Side.AT_MOST ? 1 : -1;
            Optional<Architecture> best = cheapest(parts(constraint.measure(), sign), bounds(others));
            return best.map(architecture -> OptionalDouble.of(evaluator.cheap(architecture).get(constraint.measure())))
                .orElse(OptionalDouble.empty());
        });
    }
}

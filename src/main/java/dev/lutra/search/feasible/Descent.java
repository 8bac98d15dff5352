package dev.lutra.search.feasible;

import dev.lutra.InputException;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Where measures are no sums over slots, as of cells. Random architectures are tried first, which gives each feasible architecture the
 * same chance. Under constraints so tight that chance does not hit them, a random one is repaired: gene by gene, in random order,
 * it takes options that lower its total violation, until none is left. Repaired draws are diverse but not uniform.
 */
final class Descent implements FeasibleSampler {

    private static final int RANDOM_ATTEMPTS = 50;
    private static final int REPAIRS = 5;

    private final CandidateEvaluator evaluator;
    private final Options options;
    private final Random random;

    Descent(CandidateEvaluator evaluator, Random random) {
        this.evaluator = evaluator;
        this.options = evaluator.options();
        this.random = random;
    }

    @Override
    public Architecture draw() {
        for (int i = 0; i < RANDOM_ATTEMPTS; i++) {
            Architecture architecture = options.draw(random);
            if (evaluator.isFeasible(architecture)) {
                return architecture;
            }
        }
        for (int i = 0; i < REPAIRS; i++) {
            Optional<Architecture> repaired = repair(options.draw(random), any -> true);
            if (repaired.isPresent()) {
                return repaired.get();
            }
        }
        throw nothingFound();
    }

    /** Ends where single genes improve nothing, feasible or not. */
    @Override
    public Optional<Architecture> repair(Architecture architecture, Predicate<Architecture> wanted) {
        Architecture best = descend(architecture, this::violation, 0);
        return Optional.of(best).filter(evaluator::isFeasible).filter(wanted);
    }

    /** One that no change of a single gene makes better. */
    @Override
    public Architecture best(Objective objective) {
        return descend(draw(), architecture -> {
            Measures measures = evaluator.cheap(architecture);
            return evaluator.keepsAll(measures) ? objective.loss(measures) : Double.POSITIVE_INFINITY;
        }, Double.NEGATIVE_INFINITY);
    }

    private double violation(Architecture architecture) {
        Measures measures = evaluator.cheap(architecture);
        return evaluator.constraints().stream().mapToDouble(constraint -> constraint.violation(measures)).sum();
    }

    /** Changes one gene at a time to any option that lowers the loss, until it is low enough or no gene does. */
    private Architecture descend(Architecture start, ToDoubleFunction<Architecture> loss, double enough) {
        Architecture best = start;
        double least = loss.applyAsDouble(start);
        boolean improved = true;
        while (improved && least > enough) {
            improved = false;
            for (int gene : shuffled(IntStream.range(0, options.genes().genes().size()).toArray())) {
                for (int option : shuffled(options.of(gene))) {
                    Architecture changed = with(best, gene, option);
                    double changedLoss = changed.equals(best) ? least : loss.applyAsDouble(changed);
                    if (changedLoss < least) {
                        best = changed;
                        least = changedLoss;
                        improved = true;
                        if (least <= enough) {
                            return best;
                        }
                    }
                }
            }
        }
        return best;
    }

    private Architecture with(Architecture architecture, int gene, int option) {
        int[] values = architecture.values();
        values[gene] = option;
        return options.nearest(values);
    }

    private List<Integer> shuffled(int[] values) {
        List<Integer> order = new ArrayList<>(IntStream.of(values).boxed().toList());
        Collections.shuffle(order, random);
        return order;
    }

    private InputException nothingFound() {
        for (Constraint constraint : evaluator.constraints()) {
            Measures best = bestReachable(constraint);
            if (!constraint.holds(best)) {
                String extreme = constraint.side() == Constraint.Side.AT_MOST ? "smallest" : "largest";
                return new InputException(constraint.key() + ": " + constraint.describedBound() + ": nothing in " + options.genes().name()
                    + " satisfies it (" + extreme + " found: " + constraint.described(best) + ")");
            }
        }
        Architecture closest = closest();
        Measures measures = evaluator.cheap(closest);
        return new InputException(keys() + ": nothing found in " + options.genes().name() + " that satisfies "
            + Constraint.described(evaluator.constraints()) + " together (closest: "
            + evaluator.constraints().stream().map(c -> c.measure() + " " + c.described(measures))
                .collect(Collectors.joining(", "))
            + ")");
    }

    private String keys() {
        return evaluator.constraints().stream().map(Constraint::key).collect(Collectors.joining(", "));
    }

    private Measures bestReachable(Constraint constraint) {
        return evaluator.cheap(bestOfSeveral(a -> constraint.loss(evaluator.cheap(a)), Double.NEGATIVE_INFINITY));
    }

    private Architecture closest() {
        return bestOfSeveral(this::violation, 0);
    }

    private Architecture bestOfSeveral(ToDoubleFunction<Architecture> loss, double enough) {
        List<Architecture> ends = IntStream.range(0, REPAIRS)
            .mapToObj(i -> descend(options.draw(random), loss, enough)).toList();
        return Collections.min(ends, Comparator.comparingDouble(loss));
    }
}

package dev.lutra.search.feasible;

import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import dev.lutra.space.TableSpace;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;

/** Of a table, whose feasible rows are known one by one: draws are uniform, what is nearest or best is so exactly. */
final class RowSampler implements FeasibleSampler {

    private final CandidateEvaluator evaluator;
    private final List<Architecture> feasible;
    private final Random random;

    RowSampler(TableSpace table, CandidateEvaluator evaluator, Random random) {
        this.evaluator = evaluator;
        this.random = random;
        feasible = table.rows().stream().filter(evaluator::isFeasible).toList();
        if (feasible.isEmpty()) {
            throw Unreachable.among(evaluator, table.rows());
        }
    }

    @Override
    public Architecture draw() {
        return feasible.get(random.nextInt(feasible.size()));
    }

    /** One of those that differ in the fewest genes, each as likely. */
    @Override
    public Optional<Architecture> repair(Architecture architecture, Predicate<Architecture> wanted) {
        int[] values = architecture.values();
        Architecture nearest = null;
        int least = Integer.MAX_VALUE;
        int ties = 0;
        for (Architecture row : feasible) {
            int distance = distance(row, values);
            if (distance <= least && wanted.test(row)) {
                ties = distance < least ? 1 : ties + 1;
                least = distance;
                nearest = random.nextInt(ties) == 0 ? row : nearest;
            }
        }
        return Optional.ofNullable(nearest);
    }

    private static int distance(Architecture row, int[] values) {
        int distance = 0;
        for (int gene = 0; gene < values.length; gene++) {
            distance += row.value(gene) == values[gene] ? 0 : 1;
        }
        return distance;
    }

    @Override
    public Architecture best(Objective objective) {
        return Collections.min(feasible, Comparator.comparingDouble(row -> objective.loss(evaluator.cheap(row))));
    }
}

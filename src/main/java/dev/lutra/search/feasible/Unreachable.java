package dev.lutra.search.feasible;

import dev.lutra.InputException;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** Says of constraints that nothing keeps what can be reached instead. */
final class Unreachable {

    /** What a space can reach. */
    @FunctionalInterface
    interface Reach {

        /**
         * The value of a constraint's measure that keeps it best, among the architectures that keep some others.
         *
         * @return empty if nothing keeps the others
         */
        OptionalDouble best(Constraint constraint, List<Constraint> others);
    }

    private Unreachable() {}

    /** Where every architecture is listed. */
    static InputException among(CandidateEvaluator evaluator, List<Architecture> all) {
        return exception(evaluator.space(), evaluator.constraints(),
            (constraint, others) -> all.stream().filter(evaluator.options()::make).map(evaluator::cheap)
                .filter(measures -> others.stream().allMatch(other -> other.holds(measures)))
                .mapToDouble(constraint::loss).min().stream().map(loss -> constraint.side() == Constraint.Side.AT_MOST ? loss : -loss)
                .findFirst());
    }

    /** The first constraint that nothing keeps, or if each can be kept alone, all of them. */
    static InputException exception(GeneSpace space, List<Constraint> constraints, Reach reach) {
        for (Constraint constraint : constraints) {
            OptionalDouble best = reach.best(constraint, List.of());
            if (best.isEmpty()) {
                return new InputException(space.name() + ": no architecture is left (expected: at least one)");
            }
            if (!constraint.holds(best.getAsDouble())) {
                List<Constraint> others = constraints.stream().filter(other -> !other.measure().equals(constraint.measure())).toList();
                String under = others.isEmpty() ? "" : together(constraint, others, reach).map(text -> "; " + text).orElse("");
                return new InputException(constraint.key() + ": " + constraint.describedBound()
                    + (isUpper(constraint) ? " is below the smallest possible, " : " is above the largest possible, ")
                    + constraint.described(best.getAsDouble()) + " in " + space.name() + under);
            }
        }
        List<String> reached = new ArrayList<>();
        for (Constraint constraint : constraints) {
            List<Constraint> others = constraints.stream().filter(other -> other != constraint).toList();
            together(constraint, others, reach).ifPresent(reached::add);
        }
        return new InputException(constraints.stream().map(Constraint::key).collect(Collectors.joining(", ")) + ": nothing in "
            + space.name() + " satisfies " + Constraint.described(constraints) + " together"
            + (reached.isEmpty() ? "" : ": " + String.join("; ", reached)));
    }

    /** {@code with params ≤ 2M the smallest macs is 45M}. */
    private static Optional<String> together(Constraint constraint, List<Constraint> others, Reach reach) {
        return reach.best(constraint, others).stream().mapToObj(best -> "with " + Constraint.described(others) + " the "
            + (isUpper(constraint) ? "smallest " : "largest ") + constraint.measure() + " is " + constraint.described(best)).findFirst();
    }

    private static boolean isUpper(Constraint constraint) {
        return constraint.side() == Constraint.Side.AT_MOST;
    }
}

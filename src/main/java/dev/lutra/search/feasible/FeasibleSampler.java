package dev.lutra.search.feasible;

import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import dev.lutra.space.TableSpace;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;

/** Draws architectures that keep every constraint of a problem, and does not draw others. */
public interface FeasibleSampler {

    /**
     * The sampler that fits a problem.
     *
     * @param random of every draw
     * @throws dev.lutra.InputException if it is known at once that nothing keeps the constraints
     */
    static FeasibleSampler of(CandidateEvaluator evaluator, Random random) {
        if (evaluator.space() instanceof TableSpace table) {
            return new RowSampler(table, evaluator, random);
        }
        return evaluator.slots().<FeasibleSampler>map(slots -> new SlotSampler(slots, evaluator, random))
            .orElseGet(() -> new Descent(evaluator, random));
    }

    /**
     * A feasible architecture.
     *
     * @throws dev.lutra.InputException if there is none, naming the constraint and the best value that can be reached
     */
    Architecture draw();

    /**
     * A feasible architecture near this one, which need not be.
     *
     * @param wanted what it has to be besides
     * @return empty if none was found
     */
    Optional<Architecture> repair(Architecture architecture, Predicate<Architecture> wanted);

    /**
     * A feasible architecture that is good by an objective.
     *
     * @param objective anything but accuracy
     * @throws dev.lutra.InputException as {@link #draw}
     */
    Architecture best(Objective objective);
}

package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.List;
import java.util.Optional;

/**
 * Judges architectures in two steps: cheap measures and the constraints on them first, accuracy only for what is left. Of
 * a candidate in the log only the accuracy is reused; the cheap measures are computed again, so that a table that was
 * measured anew in between counts.
 */
public final class CandidateEvaluator {

    private final SearchSpace space;
    private final CheapMeasures cheap;
    private final List<Constraint> constraints;
    private final AccuracySource accuracy;
    private final CandidateLog log;

    /**
     * @throws InputException if a constraint is on accuracy or on something that {@code cheap} does not measure
     */
    public CandidateEvaluator(SearchSpace space, CheapMeasures cheap, List<Constraint> constraints, AccuracySource accuracy,
        CandidateLog log) {
        this.space = space;
        this.cheap = cheap;
        this.constraints = List.copyOf(constraints);
        this.accuracy = accuracy;
        this.log = log;
        for (Constraint constraint : constraints) {
            if (!cheap.names().contains(constraint.measure())) {
                throw new InputException(constraint.key() + ": a constraint on " + constraint.measure() + " (expected: on one of "
                    + String.join(", ", cheap.names()) + ")");
            }
        }
    }

    public SearchSpace space() {
        return space;
    }

    public List<Constraint> constraints() {
        return constraints;
    }

    /** What is known without running the architecture. */
    public Measures cheap(Architecture architecture) {
        return cheap.of(architecture);
    }

    public boolean isFeasible(Architecture architecture) {
        return constraints.isEmpty() || keepsAll(cheap.of(architecture));
    }

    boolean keepsAll(Measures measures) {
        return constraints.stream().allMatch(constraint -> constraint.holds(measures));
    }

    /**
     * Everything about an architecture; its accuracy is computed only if the log has none.
     *
     * @throws IllegalArgumentException if it breaks a constraint; its accuracy is not computed then
     */
    public Candidate evaluate(Architecture architecture) {
        Measures measures = cheap.of(architecture);
        if (!keepsAll(measures)) {
            throw new IllegalArgumentException(architecture + ": breaks a constraint (expected: " + constraints + ")");
        }
        Optional<Candidate> known = log.find(architecture);
        if (known.isPresent()) {
            return new Candidate(architecture, measures.with(Measure.ACCURACY, known.get().accuracy()));
        }
        double computed = accuracy.accuracy(architecture);
        if (!Double.isFinite(computed)) {
            throw new IllegalStateException(architecture + ": accuracy " + computed + " (expected: a number)");
        }
        Candidate candidate = new Candidate(architecture, measures.with(Measure.ACCURACY, computed));
        log.record(candidate);
        return candidate;
    }

    /**
     * @throws InputException if an objective is neither accuracy nor a cheap measure, or there is none
     */
    void requireKnown(List<Objective> objectives) {
        if (objectives.isEmpty()) {
            throw new InputException("objectives: none (expected: at least one)");
        }
        for (Objective objective : objectives) {
            if (!objective.measure().equals(Measure.ACCURACY) && !cheap.names().contains(objective.measure())) {
                throw new InputException("objectives: " + objective.measure() + " (expected: accuracy or one of "
                    + String.join(", ", cheap.names()) + ")");
            }
        }
    }
}

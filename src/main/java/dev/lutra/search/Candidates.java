package dev.lutra.search;

import dev.lutra.space.Architecture;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** What one run of a search has met: which architectures it already proposed, and what came of them. */
public final class Candidates {

    private final CandidateEvaluator evaluator;
    private final List<Objective> objectives;
    private final SearchListener listener;
    private final int budget;
    private final Set<Architecture> proposed = new LinkedHashSet<>();
    private final Map<Architecture, Candidate> evaluated = new LinkedHashMap<>();
    private Hypervolume box;
    private int generations;

    public Candidates(CandidateEvaluator evaluator, List<Objective> objectives, SearchListener listener, int budget) {
        this.evaluator = evaluator;
        this.objectives = objectives;
        this.listener = listener;
        this.budget = budget;
    }

    /** Marks an architecture for evaluation; false if it already was. */
    public boolean propose(Architecture architecture) {
        return proposed.add(architecture);
    }

    public boolean wasProposed(Architecture architecture) {
        return proposed.contains(architecture);
    }

    public int proposals() {
        return proposed.size();
    }

    /** Evaluates a generation; each architecture is evaluated and reported once. */
    public void evaluate(Collection<Architecture> generation) {
        List<Architecture> unknown = generation.stream().distinct().filter(architecture -> !evaluated.containsKey(architecture)).toList();
        int[] done = {evaluated.size()};
        evaluator.evaluate(unknown, candidate -> listener.evaluated(candidate, ++done[0], budget))
            .forEach(candidate -> evaluated.put(candidate.architecture(), candidate));
    }

    /**
     * Evaluates one generation after the other, until there were so many or one is empty.
     *
     * @param next what follows a generation that has been evaluated
     */
    public void evaluate(List<Architecture> first, int most, UnaryOperator<List<Architecture>> next) {
        List<Architecture> generation = first;
        for (int i = 1; !generation.isEmpty(); i++) {
            evaluate(generation);
            endGeneration();
            generation = i == most ? List.of() : next.apply(generation);
        }
    }

    /** An evaluated candidate. */
    public Candidate get(Architecture architecture) {
        return evaluated.get(architecture);
    }

    public void endGeneration() {
        generations++;
        if (box == null) {
            box = Hypervolume.around(objectives, evaluated.values());
        }
        Map<Objective, Double> best = new LinkedHashMap<>();
        for (Objective objective : objectives) {
            Candidate leader = Collections.min(evaluated.values(), objective.byLoss());
            best.put(objective, leader.measures().get(objective.measure()));
        }
        listener.generation(new SearchListener.Progress(generations, evaluated.size(), budget, best, box.of(evaluated.values())));
    }

    public Collection<Candidate> all() {
        return Collections.unmodifiableCollection(evaluated.values());
    }
}

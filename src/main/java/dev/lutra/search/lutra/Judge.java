package dev.lutra.search.lutra;

import dev.lutra.InputException;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.search.MeasureArray;
import dev.lutra.search.Measures;
import dev.lutra.search.Objective;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.search.surrogate.GeneShape;
import dev.lutra.space.Architecture;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Tells of architectures what is known without running them. One objective is not: accuracy, or a measure that follows from it.
 * Where several do, accuracy stands for all of them, and what each of the others would be at one accuracy counts as a cost, so that
 * nothing that could be on the front is left out; where none does, accuracy is sought all the same.
 */
final class Judge {

    /** Enough to know about what range costs have whose ends nobody tells. */
    private static final int DRAWS = 200;

    private final CandidateEvaluator evaluator;
    private final Optional<Objective> unknown;
    private final List<Objective> costs;
    /** What is asked of every architecture: objectives and limits, with MACs and parameters where they are told. */
    private final List<String> names;
    private final MeasureArray fast;
    private final double[] least;
    private final double[] most;

    /**
     * @throws InputException if the least of what grows with accuracy is wanted
     */
    Judge(CandidateEvaluator evaluator, List<Objective> objectives, FeasibleSampler sampler) {
        this.evaluator = evaluator;
        unknown = learned(objectives.stream().filter(this::isUnknown).toList());
        costs = objectives.stream().filter(objective -> unknown.isEmpty() || !objective.equals(unknown.get())).toList();
        SortedSet<String> asked = new TreeSet<>(List.of(Measure.MACS, Measure.PARAMS));
        objectives.forEach(objective -> asked.add(objective.measure()));
        evaluator.constraints().stream().map(Constraint::measure).forEach(asked::add);
        asked.retainAll(evaluator.measured());
        names = List.copyOf(asked);
        fast = evaluator.array(names);
        least = new double[costs.size()];
        most = new double[costs.size()];
        for (int i = 0; i < least.length; i++) {
            Objective cost = costs.get(i);
            List<Architecture> ends = isUnknown(cost)
                ? Stream.generate(sampler::draw).limit(DRAWS).toList()
                : List.of(sampler.best(cost), sampler.best(opposite(cost)));
            double[] losses = ends.stream().mapToDouble(end -> loss(cost, end)).sorted().toArray();
            least[i] = losses[0];
            most[i] = losses[losses.length - 1];
        }
    }

    /** Of objectives that can be told only when the accuracy is known, the one that is learned; others go by it. */
    static Optional<Objective> learned(List<Objective> unknowns) {
        return unknowns.stream().filter(objective -> unknowns.size() == 1 || objective.measure().equals(Measure.ACCURACY)).findFirst();
    }

    static InputException doesNotGrow(Objective objective) {
        return new InputException("objectives: " + objective + " (expected by lutra: one that grows with accuracy; nsga2 takes any)");
    }

    private boolean isUnknown(Objective objective) {
        return !evaluator.measured().contains(objective.measure());
    }

    /** What it costs, where accuracy matters at an accuracy of 0. */
    private double loss(Objective cost, Architecture architecture) {
        Measures measures = evaluator.cheap(architecture);
        return cost.loss(isUnknown(cost) ? evaluator.completed(architecture, measures, 0) : measures);
    }

    static Objective opposite(Objective objective) {
        return objective.direction() == Objective.Direction.MIN ? Objective.max(objective.measure()) : Objective.min(objective.measure());
    }

    CandidateEvaluator evaluator() {
        return evaluator;
    }

    /** Objectives that are known of every architecture, without accuracy. */
    List<Objective> costs() {
        return costs.stream().filter(cost -> !isUnknown(cost)).toList();
    }

    /** How many costs there are. */
    int dimensions() {
        return costs.size();
    }

    double least(int cost) {
        return least[cost];
    }

    double most(int cost) {
        return most[cost];
    }

    /** All about an architecture; empty if it is not in the space or breaks a constraint. */
    Optional<Prospect> prospect(Architecture architecture) {
        int[] genes = architecture.values();
        double[] values = new double[names.size()];
        fast.tell(genes, values);
        boolean isFeasible = evaluator.isOffered(architecture)
            && evaluator.constraints().stream().allMatch(constraint -> constraint.holds(value(values, constraint.measure())));
        if (!isFeasible) {
            return Optional.empty();
        }
        double[] losses = costs.stream().mapToDouble(cost -> isUnknown(cost)
            ? loss(cost, architecture)
            : cost.loss(value(values, cost.measure()))).toArray();
        double[] features = Arrays.stream(values).map(Judge::logarithm).toArray();
        return Optional.of(new Prospect(architecture, genes, losses, features, gain(architecture), level(losses)));
    }

    private double value(double[] values, String measure) {
        return values[names.indexOf(measure)];
    }

    private static double logarithm(double value) {
        return Math.signum(value) * Math.log1p(Math.abs(value));
    }

    private Prospect.Line gain(Architecture architecture) {
        if (unknown.isEmpty() || unknown.get().equals(Objective.max(Measure.ACCURACY))) {
            return Prospect.Line.ACCURACY;
        }
        Measures measures = evaluator.cheap(architecture);
        double offset = -unknown.get().loss(evaluator.completed(architecture, measures, 0));
        double slope = -unknown.get().loss(evaluator.completed(architecture, measures, 1)) - offset;
        if (!(slope > 0)) {
            throw doesNotGrow(unknown.get());
        }
        return new Prospect.Line(offset, slope);
    }

    /** Logarithmic where costs are positive, as networks spread over them so. */
    private double level(double[] losses) {
        return IntStream.range(0, losses.length).mapToDouble(i -> {
            boolean isPositive = least[i] > 0;
            double from = isPositive ? Math.log(least[i]) : least[i];
            double to = isPositive ? Math.log(most[i]) : most[i];
            double here = isPositive ? Math.log(losses[i]) : losses[i];
            return to > from ? Math.min(1, Math.max(0, (here - from) / (to - from))) : 0;
        }).average().orElse(0);
    }

    /** The genes as a surrogate sees them. */
    List<GeneShape> genes() {
        return evaluator.space().genes().stream().map(GeneShape::of).toList();
    }
}

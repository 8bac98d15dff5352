package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.search.AccuracySource.Answer;
import dev.lutra.search.AccuracySource.Stop;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Judges architectures in two steps: cheap measures and the constraints on them first, accuracy only for what is left. Of
 * a candidate in the log only the accuracy is reused; the cheap measures are computed again, so that a table that was
 * measured anew in between counts.
 */
public final class CandidateEvaluator {

    private final Options options;
    private final boolean allOptions;
    private final CheapMeasures cheap;
    private final List<Constraint> constraints;
    private final AccuracySource accuracy;
    private final CandidateLog log;
    private final Set<Architecture> excluded;
    private final Optional<Rivals> rivals;

    /**
     * Of every architecture of a space.
     *
     * @throws InputException if a constraint is on accuracy or on something that {@code cheap} does not measure
     */
    public CandidateEvaluator(GeneSpace space, CheapMeasures cheap, List<Constraint> constraints, AccuracySource accuracy,
        CandidateLog log) {
        this(Options.all(space), cheap, constraints, accuracy, log);
    }

    /**
     * @param options that architectures may have
     * @throws InputException if a constraint is on accuracy or on something that {@code cheap} does not measure
     */
    public CandidateEvaluator(Options options, CheapMeasures cheap, List<Constraint> constraints, AccuracySource accuracy,
        CandidateLog log) {
        this(options, cheap, constraints, accuracy, log, Set.of(), Optional.empty());
    }

    private CandidateEvaluator(Options options, CheapMeasures cheap, List<Constraint> constraints, AccuracySource accuracy,
        CandidateLog log, Set<Architecture> excluded, Optional<Rivals> rivals) {
        this.rivals = rivals;
        this.excluded = Set.copyOf(excluded);
        this.options = options;
        this.allOptions = options.areAll();
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

    public GeneSpace space() {
        return options.genes();
    }

    /** The options that architectures may have. */
    public Options options() {
        return options;
    }

    /** The same, of architectures that keep one constraint more. */
    public CandidateEvaluator with(Constraint constraint) {
        List<Constraint> more = new ArrayList<>(constraints);
        more.add(constraint);
        return new CandidateEvaluator(options, cheap, more, accuracy, log, excluded, rivals);
    }

    /** The same, of architectures but for these: what is known of them besides says that they will not do. */
    public CandidateEvaluator without(Set<Architecture> architectures) {
        return new CandidateEvaluator(options, cheap, constraints, accuracy, log, architectures, rivals);
    }

    /**
     * The same for one search, of which candidates that will hardly reach its front need not be judged to the end. What they are held
     * against follows from what was asked before, so a search that is replayed stops where it did.
     *
     * @param objectives of which accuracy is to be as high as possible, and no other follows from it
     */
    public CandidateEvaluator stopping(List<Objective> objectives) {
        return new CandidateEvaluator(options, cheap, constraints, accuracy, log, excluded, Optional.of(new Rivals(objectives)));
    }

    public List<Constraint> constraints() {
        return constraints;
    }

    /** Names of what is known without running an architecture. */
    public SortedSet<String> measured() {
        return cheap.names();
    }

    /** What would be known of an architecture, were its accuracy this. */
    public Measures completed(Architecture architecture, Measures measures, double accuracy) {
        return cheap.completed(architecture, measures.with(Measure.ACCURACY, accuracy));
    }

    /** Variances of accuracies by the chance of which images there are; 0 where their number is not known. */
    public double[] accuracyVariances(List<Candidate> candidates) {
        return candidates.stream().mapToDouble(candidate -> images(candidate) > 0
            ? candidate.accuracy() * (1 - candidate.accuracy()) / images(candidate)
            : 0).toArray();
    }

    private double images(Candidate candidate) {
        return candidate.isWhole() ? accuracy.images().orElse(0) : candidate.measures().get(Measure.STOPPED_AFTER);
    }

    /** What is known without running the architecture. */
    public Measures cheap(Architecture architecture) {
        return cheap.of(architecture);
    }

    /**
     * Some of what is known without running an architecture, as arrays: fast where measures are sums over segments.
     *
     * @param names which measures, in this order
     */
    public MeasureArray array(List<String> names) {
        return cheap.array(names).orElse((geneValues, measures) -> {
            Measures known = cheap.of(space().architecture(geneValues));
            for (int i = 0; i < measures.length; i++) {
                measures[i] = known.get(names.get(i));
            }
        });
    }

    /** The slots of the space, where measures are known as sums over them. */
    public Optional<Slots> slots() {
        return cheap.slots();
    }

    /** A measure as a sum over the {@linkplain #slots slots}; empty where it is none. */
    public Optional<SlotSum> slotSum(String measure) {
        return cheap.slotSum(measure);
    }

    /** Whether an architecture is in the space, has no other options than it may, and keeps every constraint. */
    public boolean isFeasible(Architecture architecture) {
        return isOffered(architecture) && (constraints.isEmpty() || keepsAll(cheap.of(architecture)));
    }

    /** Whether an architecture is in the space, has no other options than it may, and is not left out. */
    public boolean isOffered(Architecture architecture) {
        return space().contains(architecture) && (allOptions || options.make(architecture)) && !excluded.contains(architecture);
    }

    public boolean keepsAll(Measures measures) {
        return constraints.stream().allMatch(constraint -> constraint.holds(measures));
    }

    /**
     * Everything about some architectures. Accuracies are computed only where the log has none, all of these together, and each is
     * in the log as soon as it is known. What was stopped is taken from there only where it would be stopped again.
     *
     * @param architectures different ones
     * @param known told every candidate as soon as it is complete, in any order
     * @return the candidates, in the order of their architectures
     * @throws IllegalArgumentException if one breaks a constraint; no accuracy is computed then
     */
    public List<Candidate> evaluate(List<Architecture> architectures, Consumer<Candidate> known) {
        Map<Architecture, Measures> measured = new LinkedHashMap<>();
        architectures.forEach(architecture -> measured.put(architecture, feasible(architecture)));
        Map<Architecture, Candidate> complete = new HashMap<>();
        Map<Architecture, Double> missing = new LinkedHashMap<>();
        for (Architecture architecture : architectures) {
            double least = rivals.map(others -> others.least(measured.get(architecture))).orElse(Double.NEGATIVE_INFINITY);
            log.find(architecture).map(CandidateEvaluator::answer).filter(logged -> logged.stop().map(stop -> stop.atMost() < least).orElse(true))
                .ifPresentOrElse(logged -> complete.put(architecture, candidate(architecture, measured.get(architecture), logged)),
                    () -> missing.put(architecture, least));
        }
        complete.values().forEach(known);
        if (!missing.isEmpty()) {
            BiConsumer<Architecture, Answer> found = (architecture, answer) -> {
                // a source that was asked twice may answer twice; the first answer is in the log
                if (!complete.containsKey(architecture)) {
                    Candidate candidate = candidate(architecture, measured.get(architecture), answer);
                    log.record(candidate);
                    complete.put(architecture, candidate);
                    known.accept(candidate);
                }
            };
            if (rivals.isPresent()) {
                accuracy.find(missing, found);
            } else {
                accuracy.find(List.copyOf(missing.keySet()), (architecture, value) -> found.accept(architecture, Answer.whole(value)));
            }
        }
        List<Candidate> candidates = architectures.stream().map(architecture -> Optional.ofNullable(complete.get(architecture))
            .orElseThrow(() -> new IllegalStateException(architecture + ": no accuracy was found"))).toList();
        rivals.ifPresent(others -> others.add(candidates));
        return candidates;
    }

    private static Answer answer(Candidate logged) {
        return new Answer(logged.accuracy(), logged.isWhole()
            ? Optional.empty()
            : Optional.of(new Stop(
                (int) logged.measures().get(Measure.STOPPED_AFTER), logged.measures().get(Measure.ACCURACY_AT_MOST))));
    }

    private Measures feasible(Architecture architecture) {
        Measures measures = cheap.of(architecture);
        if (!keepsAll(measures)) {
            throw new IllegalArgumentException(architecture + ": breaks a constraint (expected: " + constraints + ")");
        }
        return measures;
    }

    private Candidate candidate(Architecture architecture, Measures measures, Answer answer) {
        if (!Double.isFinite(answer.accuracy())) {
            throw new IllegalStateException(architecture + ": accuracy " + answer.accuracy() + " (expected: a number)");
        }
        Measures known = completed(architecture, measures, answer.accuracy());
        return new Candidate(architecture, answer.stop().map(stop -> known.with(Measure.STOPPED_AFTER, stop.images())
            .with(Measure.ACCURACY_AT_MOST, stop.atMost())).orElse(known));
    }

    /**
     * @throws InputException if an objective is neither accuracy nor measured, or there is none
     */
    public void requireKnown(List<Objective> objectives) {
        if (objectives.isEmpty()) {
            throw new InputException("objectives: none (expected: at least one)");
        }
        for (Objective objective : objectives) {
            if (!objective.measure().equals(Measure.ACCURACY) && !cheap.names().contains(objective.measure())
                && !cheap.namesWithAccuracy().contains(objective.measure())) {
                throw new InputException("objectives: " + objective.measure() + " (expected: accuracy or one of "
                    + String.join(", ", cheap.names()) + ")");
            }
        }
    }
}

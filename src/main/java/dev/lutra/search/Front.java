package dev.lutra.search;

import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Candidates of which none is beaten by another in every objective.
 *
 * @param candidates best in the first objective first
 * @param provenance what made it: space, algorithm, seed, settings
 */
public record Front(List<Objective> objectives, List<Candidate> candidates, SortedMap<String, String> provenance) {

    public Front {
        objectives = List.copyOf(objectives);
        candidates = List.copyOf(candidates);
        provenance = Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
    }

    /** The front of some different candidates. */
    public static Front of(List<Objective> objectives, Collection<Candidate> candidates, Map<String, String> provenance) {
        List<Candidate> unbeaten = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if (candidates.stream().noneMatch(other -> dominates(other, candidate, objectives))) {
                unbeaten.add(candidate);
            }
        }
        Comparator<Candidate> order = Comparator.comparing(candidate -> candidate.architecture().toString());
        for (int i = objectives.size() - 1; i >= 0; i--) {
            order = objectives.get(i).byLoss().thenComparing(order);
        }
        unbeaten.sort(order);
        return new Front(objectives, unbeaten, new TreeMap<>(provenance));
    }

    /** Whether one is no worse in any objective, and better in some. */
    public static boolean dominates(Candidate one, Candidate other, List<Objective> objectives) {
        boolean better = false;
        for (Objective objective : objectives) {
            double difference = objective.loss(one.measures()) - objective.loss(other.measures());
            if (difference > 0) {
                return false;
            }
            better |= difference < 0;
        }
        return better;
    }

    /** This front with more said about where it is from. */
    public Front with(Map<String, String> moreProvenance) {
        SortedMap<String, String> all = new TreeMap<>(provenance);
        all.putAll(moreProvenance);
        return new Front(objectives, candidates, all);
    }

    /** The candidates that also keep these bounds, in the same order: the first is the best under them. */
    public Front within(List<Constraint> constraints) {
        return new Front(objectives, candidates.stream()
            .filter(candidate -> constraints.stream().allMatch(c -> c.holds(candidate.measures()))).toList(), provenance);
    }

    /**
     * Candidates worth exporting: the most accurate one, then each time the one farthest, in scaled objectives, from those
     * already taken, so that the front's ends come next and then its middle.
     *
     * @param count how many at most
     */
    public List<Candidate> spread(int count) {
        List<Candidate> left = new ArrayList<>(candidates);
        List<Candidate> taken = new ArrayList<>();
        while (taken.size() < count && !left.isEmpty()) {
            Candidate next = taken.isEmpty()
                ? Collections.min(left, Objective.max(Measure.ACCURACY).byLoss())
                : Collections.max(left, Comparator.comparingDouble(candidate -> distance(candidate, taken)));
            left.remove(next);
            taken.add(next);
        }
        return taken;
    }

    /** Distance to the nearest of some, every objective scaled to the front's own range. */
    private double distance(Candidate candidate, List<Candidate> others) {
        return others.stream().mapToDouble(other -> distance(candidate, other)).min().orElseThrow();
    }

    private double distance(Candidate one, Candidate other) {
        double sum = 0;
        for (Objective objective : objectives) {
            double width = Collections.max(candidates, objective.byLoss()).measures().get(objective.measure())
                - Collections.min(candidates, objective.byLoss()).measures().get(objective.measure());
            double difference = one.measures().get(objective.measure()) - other.measures().get(objective.measure());
            sum += width == 0 ? 0 : difference * difference / (width * width);
        }
        return Math.sqrt(sum);
    }

    /** Writes the front as JSON. */
    public void writeJson(Path file) {
        FrontJson.write(this, file);
    }

    /** Writes the front as CSV, which is also a table that {@link AccuracyTable} reads. */
    public void writeCsv(Path file) {
        FrontCsv.write(this, file);
    }

    /**
     * @throws dev.lutra.InputException naming the file and the place, if it is not a front of this space
     */
    public static Front readJson(Path file, GeneSpace space) {
        return FrontJson.read(file, space);
    }

    /**
     * @throws dev.lutra.InputException naming the file and the line, if it is not a front of this space
     */
    public static Front readCsv(Path file, GeneSpace space) {
        return FrontCsv.read(file, space);
    }

    /** The architectures, in order. */
    public List<Architecture> architectures() {
        return candidates.stream().map(Candidate::architecture).toList();
    }
}

package dev.lutra.search.algorithm;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order of NSGA-II (Deb et al. 2002), by front and then by crowding distance, in which the distance along every objective counts
 * with a weight, as MoGA and FairNAS have it.
 *
 * @param weights of the objectives, in their order; an end of the front along an objective of weight 0 is not kept for it
 */
record WeightedOrder(List<Objective> objectives, double[] weights) {

    /** Best first: fronts one after the other, each from its least crowded to its most. */
    List<Candidate> sorted(List<Candidate> candidates) {
        List<Candidate> sorted = new ArrayList<>();
        List<Candidate> left = new ArrayList<>(candidates);
        while (!left.isEmpty()) {
            List<Candidate> front = unbeaten(left);
            left.removeAll(front);
            Map<Candidate, Double> distances = distances(front);
            front.sort(Comparator.comparingDouble(candidate -> -distances.get(candidate)));
            sorted.addAll(front);
        }
        return sorted;
    }

    /** Those that no other beats in every objective. */
    List<Candidate> unbeaten(List<Candidate> candidates) {
        List<Candidate> unbeaten = new ArrayList<>();
        for (Candidate candidate : candidates) {
            if (candidates.stream().noneMatch(other -> Front.dominates(other, candidate, objectives))) {
                unbeaten.add(candidate);
            }
        }
        return unbeaten;
    }

    /** How far apart the neighbours of each are, every objective scaled to the front's range and times its weight. */
    Map<Candidate, Double> distances(List<Candidate> front) {
        Map<Candidate, Double> distances = new HashMap<>();
        front.forEach(candidate -> distances.put(candidate, 0.0));
        for (int i = 0; i < weights.length; i++) {
            Objective objective = objectives.get(i);
            List<Candidate> sorted = front.stream().sorted(objective.byLoss()).toList();
            double range = loss(objective, sorted.get(sorted.size() - 1)) - loss(objective, sorted.get(0));
            for (int place = 0; place < sorted.size() && weights[i] > 0; place++) {
                boolean isEnd = place == 0 || place == sorted.size() - 1;
                double gap = isEnd ? Double.POSITIVE_INFINITY : loss(objective, sorted.get(place + 1)) - loss(objective, sorted.get(place - 1));
                distances.merge(sorted.get(place), isEnd ? gap : range > 0 ? weights[i] * gap / range : 0, Double::sum);
            }
        }
        return distances;
    }

    private static double loss(Objective objective, Candidate candidate) {
        return objective.loss(candidate.measures());
    }
}

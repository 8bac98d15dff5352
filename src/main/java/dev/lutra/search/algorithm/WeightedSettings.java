package dev.lutra.search.algorithm;

import dev.lutra.InputException;
import dev.lutra.search.Objective;
import dev.lutra.yaml.LayeredSettings;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What searches in {@link WeightedOrder} have in common.
 *
 * @param population architectures kept from generation to generation, at least 2
 * @param generations including the first, at least 1
 * @param weights of objectives by measure; 1 where there is none
 */
record WeightedSettings(int population, int generations, SortedMap<String, Double> weights) {

    WeightedSettings {
        weights = Collections.unmodifiableSortedMap(new TreeMap<>(weights));
    }

    static WeightedSettings of(LayeredSettings settings, WeightedSettings otherwise) {
        SortedMap<String, Double> weights = new TreeMap<>();
        settings.find("weights").ifPresent(node -> node.entries().forEach((measure, weight) -> weights.put(measure, weight.number(0, 1e6))));
        return new WeightedSettings(settings.integer("population", 2, otherwise.population()),
            settings.integer("generations", 1, otherwise.generations()), weights);
    }

    int budget() {
        return Math.multiplyExact(population, generations);
    }

    /**
     * @throws InputException if a weight is of no objective
     */
    WeightedOrder order(List<Objective> objectives) {
        List<String> measures = objectives.stream().map(Objective::measure).toList();
        weights.keySet().stream().filter(measure -> !measures.contains(measure)).findFirst().ifPresent(measure -> {
            throw new InputException("search: weights: " + measure + " (expected: one of the objectives, " + String.join(", ", measures) + ")");
        });
        return new WeightedOrder(objectives, objectives.stream().mapToDouble(objective -> weights.getOrDefault(objective.measure(), 1.0))
            .toArray());
    }

    Map<String, Object> described() {
        Map<String, Object> described = new TreeMap<>(Map.of("population", population, "generations", generations));
        weights.forEach((measure, weight) -> described.put("weights." + measure, weight));
        return described;
    }
}

package dev.lutra.search.algorithm;

import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Constraint;
import java.util.Map;
import java.util.TreeMap;

/** What a front says of its search. */
final class Provenance {

    private Provenance() {}

    /**
     * @param settings of the algorithm, as an experiment file would give them
     */
    static Map<String, String> of(CandidateEvaluator evaluator, String algorithm, long seed, Map<String, ?> settings) {
        Map<String, String> provenance = new TreeMap<>();
        provenance.put("space", evaluator.space().name());
        provenance.put("search.algorithm", algorithm);
        settings.forEach((key, value) -> provenance.put("search." + key, value.toString()));
        provenance.put("search.seed", Long.toString(seed));
        provenance.put("constraints", Constraint.described(evaluator.constraints()));
        return provenance;
    }
}

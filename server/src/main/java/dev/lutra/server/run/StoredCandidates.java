package dev.lutra.server.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.Architecture;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Candidates in the run's database: each is evaluated once, however often the search is started again. */
final class StoredCandidates implements CandidateLog {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<TreeMap<String, Double>> VALUES = new TypeReference<>() {};

    private final ResultStore store;
    private final String judge;
    private final String kind;

    /**
     * @param judge what accuracies depend on: weights, data and images; candidates of another judge are not found
     */
    StoredCandidates(ResultStore store, String judge) {
        this.store = store;
        this.judge = judge;
        this.kind = "candidate " + judge;
    }

    /** What their accuracies depend on. */
    String judge() {
        return judge;
    }

    @Override
    public Optional<Candidate> find(Architecture architecture) {
        return store.find(kind, architecture.toString()).map(json -> new Candidate(architecture, measures(json)));
    }

    @Override
    public void record(Candidate candidate) {
        try {
            store.put(kind, candidate.architecture().toString(), JSON.writeValueAsString(candidate.measures().values()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of numbers always writes", e);
        }
    }

    private Measures measures(String json) {
        try {
            Map<String, Double> values = JSON.readValue(json, VALUES);
            return Measures.of(values);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("candidate in the run's database: " + e.getOriginalMessage(), e);
        }
    }

    /** Architecture and measures of every candidate that was judged to the end, in the order of their evaluation. */
    Map<String, Measures> all() {
        Map<String, Measures> all = judged();
        all.values().removeIf(measures -> measures.values().containsKey(Measure.STOPPED_AFTER));
        return all;
    }

    /** The same, and of those that were not judged to the end. */
    Map<String, Measures> judged() {
        Map<String, Measures> all = new LinkedHashMap<>();
        store.all(kind).forEach((architecture, json) -> all.put(architecture, measures(json)));
        return all;
    }
}

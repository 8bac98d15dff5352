package dev.lutra.search;

import dev.lutra.space.Architecture;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps every candidate that was evaluated. A log belongs to one way of telling accuracies (one checkpoint, one validation
 * set); searches that share it share their results, and a search that was cut off continues from it.
 */
public interface CandidateLog {

    Optional<Candidate> find(Architecture architecture);

    /** Called once for an architecture, as soon as its accuracy is known; on return the candidate must be safe. */
    void record(Candidate candidate);

    /** A log that lasts as long as the program. */
    static CandidateLog inMemory() {
        Map<Architecture, Candidate> candidates = new HashMap<>();
        return new CandidateLog() {
            @Override
            public Optional<Candidate> find(Architecture architecture) {
                return Optional.ofNullable(candidates.get(architecture));
            }

            @Override
            public void record(Candidate candidate) {
                candidates.put(candidate.architecture(), candidate);
            }
        };
    }
}

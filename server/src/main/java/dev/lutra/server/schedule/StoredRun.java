package dev.lutra.server.schedule;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A run as the server's database has it, but for its experiment file, which few ask for.
 *
 * @param owner name of the token that it was submitted with
 * @param device kind of training device without which it does not go on; empty: none, as far as is known
 * @param turn grows with every run that is stopped for others
 * @param kills processes of it that something else has ended since it was submitted or resumed
 * @param message why it failed, or what is to be known of how it ended; or empty
 */
record StoredRun(long id, String name, String owner, int priority, State state, Optional<String> device, long turn,
    int kills, Instant submitted, Optional<Instant> started, Optional<Instant> ended, String message) {

    /** What is to become of a run, or has. */
    enum State {
        /** It is to go on, as its turn comes. */
        ACTIVE, PAUSED, DONE, FAILED, CANCELLED;

        static final Set<State> UNFINISHED = Set.of(ACTIVE, PAUSED);
    }
}

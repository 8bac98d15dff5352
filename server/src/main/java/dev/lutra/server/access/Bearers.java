package dev.lutra.server.access;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The tokens that agents speak with for an hour. They live in memory: after a restart an agent shows its key again. */
final class Bearers {

    static final Duration LIFETIME = Duration.ofHours(1);
    /** An agent has one, and one more while it changes it; a second process of the same device may come to take its place. */
    private static final int MOST_OF_A_DEVICE = 4;

    private record Bearer(String hash, String device, long expiresMillis) {}

    private final Clock clock;
    private final Map<String, Bearer> byHash = new HashMap<>();
    private final Map<String, Deque<Bearer>> byDevice = new HashMap<>();

    Bearers(Clock clock) {
        this.clock = clock;
    }

    synchronized String issue(String device) {
        String token = Secrets.make();
        Bearer made = new Bearer(Secrets.hash(token), device, clock.millis() + LIFETIME.toMillis());
        Deque<Bearer> others = byDevice.computeIfAbsent(device, name -> new ArrayDeque<>());
        others.add(made);
        byHash.put(made.hash(), made);
        if (others.size() > MOST_OF_A_DEVICE) {
            byHash.remove(others.remove().hash());
        }
        return token;
    }

    /**
     * The device that a token speaks for; empty when there is no such token.
     *
     * @throws AccessException when it has had its hour
     */
    synchronized Optional<String> device(String hash) {
        Bearer found = byHash.get(hash);
        if (found == null || !Secrets.areEqual(found.hash(), hash)) {
            return Optional.empty();
        }
        if (found.expiresMillis() <= clock.millis()) {
            throw AccessException.unknown("expired token (expected: one that the device's key was shown for in the last hour)");
        }
        return Optional.of(found.device());
    }

    /** Lets nobody in any more who speaks for a device. */
    synchronized void revoke(String device) {
        Deque<Bearer> of = byDevice.remove(device);
        if (of != null) {
            of.forEach(bearer -> byHash.remove(bearer.hash()));
        }
    }
}

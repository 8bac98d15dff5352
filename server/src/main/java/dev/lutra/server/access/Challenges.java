package dev.lutra.server.access;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What keys have to sign. A challenge carries when it was made and this server's seal, so that nothing is kept of those that are asked for;
 * of those that were answered well it is, so that no answer counts twice.
 */
final class Challenges {

    private static final Duration LIFETIME = Duration.ofMinutes(1);
    private static final int RANDOM_BYTES = 16;
    private static final int HEAD_BYTES = Long.BYTES + RANDOM_BYTES;
    private static final int SEAL_BYTES = 32;
    private static final String SEAL = "HmacSHA256";

    private final Clock clock;
    private final SecretKeySpec key = new SecretKeySpec(Secrets.bytes(SEAL_BYTES), SEAL);
    private final Map<ByteBuffer, Long> answered = new ConcurrentHashMap<>();

    Challenges(Clock clock) {
        this.clock = clock;
    }

    byte[] make() {
        byte[] head = ByteBuffer.allocate(HEAD_BYTES).putLong(clock.millis()).put(Secrets.bytes(RANDOM_BYTES)).array();
        byte[] challenge = Arrays.copyOf(head, HEAD_BYTES + SEAL_BYTES);
        System.arraycopy(seal(head), 0, challenge, HEAD_BYTES, SEAL_BYTES);
        return challenge;
    }

    /** Whether it is one of this server's that can still be answered. */
    boolean isOpen(byte[] challenge) {
        if (challenge.length != HEAD_BYTES + SEAL_BYTES) {
            return false;
        }
        byte[] head = Arrays.copyOf(challenge, HEAD_BYTES);
        byte[] seal = Arrays.copyOfRange(challenge, HEAD_BYTES, challenge.length);
        long age = clock.millis() - ByteBuffer.wrap(head).getLong();
        return MessageDigest.isEqual(seal(head), seal) && age >= 0 && age <= LIFETIME.toMillis();
    }

    /** Notes a good answer; false when there was one before. */
    boolean close(byte[] challenge) {
        long now = clock.millis();
        answered.values().removeIf(ends -> ends < now);
        return answered.putIfAbsent(ByteBuffer.wrap(challenge.clone()), now + LIFETIME.toMillis()) == null;
    }

    private byte[] seal(byte[] head) {
        try {
            Mac mac = Mac.getInstance(SEAL);
            mac.init(key);
            return mac.doFinal(head);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

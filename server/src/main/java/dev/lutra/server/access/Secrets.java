package dev.lutra.server.access;

import java.nio.charset.StandardCharsets;
import dev.lutra.proto.content.Sha256;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/** Tokens of 256 random bits, of which a server keeps SHA-256: too many to be guessed, so neither salt nor a slow hash adds anything. */
final class Secrets {

    private static final int BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Secrets() {}

    /** A new one, as base64url, that no command line takes for an option. */
    static String make() {
        String made;
        do {
            made = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes(BYTES));
        } while (made.startsWith("-"));
        return made;
    }

    static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    static String hash(String token) {
        return Sha256.of(token.getBytes(StandardCharsets.UTF_8));
    }

    /** In a time that does not tell where they differ. */
    static boolean areEqual(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}

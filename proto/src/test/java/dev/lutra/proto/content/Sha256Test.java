package dev.lutra.proto.content;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;

class Sha256Test {

    /** FIPS 180-4's example. */
    private static final String ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    @Test
    void hashesAreTheUsualOnes() {
        assertThat(Sha256.of("abc")).isEqualTo(ABC);
        assertThat(Sha256.of("abc".getBytes(StandardCharsets.US_ASCII))).isEqualTo(ABC);
    }

    @Test
    void piecesAreOneContent() {
        MessageDigest digest = Sha256.digest();
        digest.update(new byte[]{'a'});
        digest.update(new byte[]{'b', 'c'});
        assertThat(Sha256.end(digest)).isEqualTo(ABC);
    }
}

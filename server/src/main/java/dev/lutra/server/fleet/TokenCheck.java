package dev.lutra.server.fleet;

import dev.lutra.proto.border.TokenHeader;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Whether a caller shows the token of a server.
 *
 * @param token the server's
 */
public record TokenCheck(String token) {

    /**
     * What is wrong with a header; empty if nothing is.
     *
     * @param header {@code Bearer TOKEN}, the first word in any case (RFC 9110, 11.1); null: none was sent
     */
    public Optional<String> problem(String header) {
        if (header == null || !header.regionMatches(true, 0, TokenHeader.SCHEME, 0, TokenHeader.SCHEME.length())) {
            return Optional.of("no token (expected: Authorization: Bearer <token>)");
        }
        byte[] shown = header.substring(TokenHeader.SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
        // isEqual takes the same time wherever the difference is
        return MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), shown) ? Optional.empty() : Optional.of("wrong token");
    }
}

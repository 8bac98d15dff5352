package dev.lutra.server.access;

import dev.lutra.proto.Role;
import dev.lutra.proto.border.TokenHeader;
import java.util.List;
import java.util.Optional;

/**
 * A door with a single token, to look with, as long as this process lives.
 *
 * @param token whoever shows it may look
 */
public record OneToken(String token) implements Door {

    /** With a token that nobody can guess. */
    public static OneToken make() {
        return new OneToken(Secrets.make());
    }

    @Override
    public Caller admit(String call, List<Role> admitted, Optional<String> run, String header) {
        String shown = TokenHeader.token(header)
            .orElseThrow(() -> AccessException.unknown("no token (expected: the link that the run has printed)"));
        if (!Secrets.areEqual(Secrets.hash(shown), Secrets.hash(token))) {
            throw AccessException.unknown("wrong token (expected: the link that the run has printed)");
        }
        if (!admitted.contains(Role.VIEWER)) {
            throw AccessException.forbidden(call + ": not for those who look");
        }
        return new Caller(Role.VIEWER, "link", Optional.empty());
    }
}

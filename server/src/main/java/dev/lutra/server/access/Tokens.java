package dev.lutra.server.access;

import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.proto.TokenState;
import dev.lutra.server.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/**
 * Tokens that people give out: to join with, once; to look; to operate. The database has their hashes, and those that no longer let
 * anybody in for as long as somebody may ask what became of them.
 */
public final class Tokens {

    /** A person sets a device up with it now. */
    static final Duration JOIN_LIFETIME = Duration.ofHours(1);
    private static final Duration LONGEST_LIFETIME = Duration.ofDays(3650);
    private static final Duration LONGEST_SHARE = Duration.ofDays(365);
    private static final Duration KEPT = Duration.ofDays(30);
    /** More are no longer told apart by people. */
    private static final int MOST = 10_000;
    private static final int ID_BYTES = 4;
    /** What the token that a server's folder holds is listed as. */
    public static final String OWNER = "owner";

    /**
     * What is known of one.
     *
     * @param run the one that it lets look at; empty: no less than its role
     * @param expiresMillis 0: never
     * @param endedMillis when it was used up or revoked; 0: it was not
     */
    private record Known(String id, String hash, Role role, String device, String run, long createdMillis, long expiresMillis,
        long endedMillis, boolean used) {

        TokenState.State state(long now) {
            if (endedMillis > 0) {
                return used ? TokenState.State.USED : TokenState.State.REVOKED;
            }
            return expiresMillis > 0 && expiresMillis <= now ? TokenState.State.EXPIRED : TokenState.State.VALID;
        }
    }

    /** A token that was just made. */
    public record Made(String id, String token) {}

    private final Database database;
    private final Clock clock;
    private final Map<String, Known> byHash = new ConcurrentHashMap<>();

    Tokens(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
        database.patiently(handle -> {
            handle.createUpdate("DELETE FROM tokens WHERE max(ended_millis, expires_millis) BETWEEN 1 AND :long_ago")
                .bind("long_ago", clock.millis() - KEPT.toMillis()).execute();
            handle.createQuery("SELECT * FROM tokens")
                .map((row, context) -> new Known(row.getString("id"), row.getString("hash"), Role.valueOf(row.getString("role")),
                    row.getString("device"), row.getString("run"), row.getLong("created_millis"), row.getLong("expires_millis"),
                    row.getLong("ended_millis"),
                    row.getBoolean("used")))
                .forEach(known -> byHash.put(known.hash(), known));
            return null;
        });
    }

    /**
     * Makes a token, which nothing can tell again.
     *
     * @param lifetime zero: as long as is usual for the role
     * @param device of a join token: the name that it is for, whether or not that has a key; empty: any that has none
     * @throws InputException when a token cannot have that role or lifetime
     */
    public Made create(Role role, Duration lifetime, String device) {
        if (role != Role.JOINING && role != Role.VIEWER && role != Role.OPERATOR) {
            throw new InputException("role: " + role.name().toLowerCase() + " (expected: joining, viewer or operator)");
        }
        if (lifetime.isNegative() || lifetime.compareTo(LONGEST_LIFETIME) > 0) {
            throw new InputException("lifetime: " + lifetime.toSeconds() + " s (expected: up to " + LONGEST_LIFETIME.toDays() + " days)");
        }
        if (role != Role.JOINING && !device.isEmpty()) {
            throw new InputException("device: " + device + " (expected: only with a token to join with)");
        }
        Duration lives = lifetime.isZero() && role == Role.JOINING ? JOIN_LIFETIME : lifetime;
        return make(role, lives, device, "");
    }

    /**
     * Makes a token to look at one run with.
     *
     * @throws InputException when it cannot live so long
     */
    public Made share(String run, Duration lifetime) {
        if (lifetime.isNegative() || lifetime.isZero() || lifetime.compareTo(LONGEST_SHARE) > 0) {
            throw new InputException("lifetime: " + lifetime.toSeconds() + " s (expected: more than 0, up to " + LONGEST_SHARE.toDays() + " days)");
        }
        return make(Role.VIEWER, lifetime, "", run);
    }

    private Made make(Role role, Duration lives, String device, String run) {
        if (byHash.size() >= MOST) {
            throw new InputException("tokens: " + byHash.size() + " of them (expected: fewer than " + MOST + "; those that have ended are forgotten"
                + " after " + KEPT.toDays() + " days, when the server starts)");
        }
        long now = clock.millis();
        Made made = new Made(HexFormat.of().formatHex(Secrets.bytes(ID_BYTES)), Secrets.make());
        store(new Known(made.id(), Secrets.hash(made.token()), role, device, run, now, lives.isZero() ? 0 : now + lives.toMillis(), 0, false));
        return made;
    }

    /** Makes the token in the server's folder its owner's, in the place of what was in it before. */
    void adopt(String token) {
        String hash = Secrets.hash(token);
        byHash.values().removeIf(known -> known.id().equals(OWNER) && !known.hash().equals(hash));
        store(new Known(OWNER, hash, Role.OPERATOR, "", "", clock.millis(), 0, 0, false));
    }

    private void store(Known token) {
        database.transaction(handle -> handle.createUpdate("INSERT INTO tokens"
            + " (id, hash, role, device, run, created_millis, expires_millis, ended_millis, used)"
            + " VALUES (:id, :hash, :role, :device, :run, :created, :expires, 0, 0)"
            + " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash")
            .bind("id", token.id()).bind("hash", token.hash()).bind("role", token.role().name()).bind("device", token.device())
            .bind("run", token.run())
            .bind("created", token.createdMillis()).bind("expires", token.expiresMillis()).execute());
        byHash.put(token.hash(), token);
    }

    /**
     * Whose token this is; empty when nobody's.
     *
     * @throws AccessException when it lets nobody in any more
     */
    Optional<Caller> caller(String hash) {
        Known known = byHash.get(hash);
        if (known == null || !Secrets.areEqual(known.hash(), hash)) {
            return Optional.empty();
        }
        TokenState.State state = known.state(clock.millis());
        if (state != TokenState.State.VALID) {
            throw AccessException.unknown(state.name().toLowerCase() + " token (expected: one that 'lutra token list' calls valid)");
        }
        return Optional.of(new Caller(known.role(), known.id(), Optional.of(known.device()).filter(device -> !device.isEmpty()),
            Optional.of(known.run()).filter(run -> !run.isEmpty())));
    }

    /**
     * Uses a join token up, within a transaction; {@link #used} when it has gone well.
     *
     * @throws AccessException when somebody has done so before
     */
    void use(Handle handle, String id, String device) {
        int changed = handle.createUpdate("UPDATE tokens SET used = 1, ended_millis = :now, device = :device WHERE id = :id AND ended_millis = 0")
            .bind("now", clock.millis()).bind("device", device).bind("id", id).execute();
        if (changed != 1) {
            throw AccessException.unknown("used token (expected: one that 'lutra token list' calls valid)");
        }
    }

    void used(String id, String device) {
        end(id, device, true);
    }

    /**
     * Lets nobody in by a token any more.
     *
     * @throws InputException when there is none of that name
     */
    public void revoke(String id) {
        if (id.equals(OWNER)) {
            throw new InputException(
                "token " + id + ": lies in the server's folder (expected: to delete that file and start the server again, which makes"
                    + " another)");
        }
        if (byHash.values().stream().noneMatch(known -> known.id().equals(id))) {
            throw new InputException("token " + id + ": not known (expected: one of 'lutra token list')");
        }
        database.transaction(handle -> handle.createUpdate("UPDATE tokens SET ended_millis = :now WHERE id = :id AND ended_millis = 0")
            .bind("now", clock.millis()).bind("id", id).execute());
        end(id, "", false);
    }

    private void end(String id, String device, boolean used) {
        byHash.replaceAll((hash, known) -> known.id().equals(id) && known.endedMillis() == 0
            ? new Known(id, hash, known.role(), device.isEmpty() ? known.device() : device, known.run(), known.createdMillis(), known.expiresMillis(),
                clock.millis(), used)
            : known);
    }

    /** All of them, the oldest first. */
    public List<TokenState> list() {
        long now = clock.millis();
        return byHash.values().stream().sorted(Comparator.comparingLong(Known::createdMillis).thenComparing(Known::id))
            .map(known -> TokenState.newBuilder().setId(known.id()).setRole(known.role()).setDevice(known.device()).setRun(known.run())
                .setCreatedMillis(known.createdMillis()).setExpiresMillis(known.expiresMillis()).setState(known.state(now)).build())
            .toList();
    }
}

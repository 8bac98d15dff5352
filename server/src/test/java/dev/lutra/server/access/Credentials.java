package dev.lutra.server.access;

import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.Role;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whatever a caller may show a server, for tests that show all of it everywhere.
 *
 * @param session of the device whose agent is among them
 * @param othersSession of another device
 */
public record Credentials(Access access, String session, String othersSession, Map<String, Shown> shown) {

    public static final String DEVICE = "mine";
    public static final String OTHER = "theirs";

    /**
     * One of them.
     *
     * @param token empty: none is sent
     * @param role of a caller who is known by it
     */
    public record Shown(Optional<String> token, Optional<Role> role) {}

    /** Makes them, of a server with two devices. */
    public static Credentials of(Database database, TaskQueue queue) {
        Instant now = Instant.now();
        // the door is opened again an hour later for those that have ended
        Access before = Access.open(database, Clock.fixed(now.minus(Duration.ofHours(2)), ZoneOffset.UTC), "the-token-of-the-owner");
        String expired = before.tokens().create(Role.OPERATOR, Duration.ofHours(1), "").token();
        Access access = Access.open(database, Clock.fixed(now, ZoneOffset.UTC), "the-token-of-the-owner");
        Tokens.Made revoked = access.tokens().create(Role.OPERATOR, Duration.ZERO, "");
        access.tokens().revoke(revoked.id());
        String used = access.tokens().create(Role.JOINING, Duration.ZERO, "").token();
        EnrolledDevice mine = EnrolledDevice.made(access, DEVICE);
        mine.enroll(access.admit("enroll", Set.of(Role.JOINING).stream().toList(), "Bearer " + used));
        EnrolledDevice gone = EnrolledDevice.enrolled(access, "gone");
        String removed = gone.bearer();
        access.removeKey("gone");
        EnrolledDevice other = EnrolledDevice.enrolled(access, OTHER);
        Map<String, Shown> shown = new LinkedHashMap<>();
        shown.put("nothing", new Shown(Optional.empty(), Optional.empty()));
        Map.of("a wrong token", "a-token-that-nobody-has-made", "an expired token", expired, "a revoked token", revoked.token(), "a used token", used,
            "a removed device's token", removed)
            .forEach((name, token) -> shown.put(name, new Shown(Optional.of(token), Optional.empty())));
        shown.put("a join token", new Shown(Optional.of(access.tokens().create(Role.JOINING, Duration.ZERO, "").token()), Optional.of(Role.JOINING)));
        shown.put("an agent's token", new Shown(Optional.of(mine.bearer()), Optional.of(Role.AGENT)));
        shown.put("a viewer's token",
            new Shown(Optional.of(access.tokens().create(Role.VIEWER, Duration.ZERO, "").token()), Optional.of(Role.VIEWER)));
        shown.put("an operator's token", new Shown(Optional.of("the-token-of-the-owner"), Optional.of(Role.OPERATOR)));
        return new Credentials(access, join(queue, DEVICE), join(queue, other.name()), shown);
    }

    private static String join(TaskQueue queue, String device) {
        return queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build());
    }
}

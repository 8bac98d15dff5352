package dev.lutra.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.lutra.InputException;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.TokenState;
import dev.lutra.server.store.Database;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lets a caller in, and what no longer does. */
class AccessTest {

    private static final String OWNER = "the-owner's-token-of-this-test";

    /** A clock that tests set. */
    private static final class Hours extends Clock {
        private Instant now = Instant.parse("2026-11-30T12:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }

        private void pass(Duration time) {
            now = now.plus(time);
        }
    }

    @TempDir
    Path folder;
    private final Hours clock = new Hours();
    private Database database;
    private Access access;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        access = Access.open(database, clock, OWNER);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void restart() {
        close();
        open();
    }

    private Caller caller(String token) {
        return access.admit("anything", List.of(Role.values()).subList(2, Role.values().length - 1), "Bearer " + token);
    }

    private void refused(String token, String line) {
        assertThatThrownBy(() -> caller(token)).isInstanceOf(AccessException.class).hasMessageStartingWith(line)
            .satisfies(e -> assertThat(((AccessException) e).isCallerKnown()).isFalse());
    }

    private String token(Role role, Duration lifetime, String device) {
        return access.tokens().create(role, lifetime, device).token();
    }

    private void join(EnrolledDevice device, String token) {
        device.enroll(caller(token));
    }

    @Test
    void aJoinTokenIsGoodForOneDevice() {
        String token = token(Role.JOINING, Duration.ZERO, "");
        EnrolledDevice phone = EnrolledDevice.made(access, "phone");
        join(phone, token);
        assertThat(caller(phone.bearer())).isEqualTo(new Caller(Role.AGENT, "phone", Optional.of("phone")));
        refused(token, "used token");
        restart();
        refused(token, "used token");
        assertThat(access.tokens().list()).filteredOn(state -> state.getRole() == Role.JOINING).singleElement()
            .satisfies(state -> assertThat(state.getDevice()).isEqualTo("phone"));
    }

    /** Two who were both let in before either has used it. */
    @Test
    void aJoinTokenIsGoodForOneOfTwoAtATime() {
        Caller both = caller(token(Role.JOINING, Duration.ZERO, ""));
        EnrolledDevice.made(access, "one").enroll(both);
        assertThatThrownBy(() -> EnrolledDevice.made(access, "two").enroll(both)).hasMessageStartingWith("used token");
        assertThatThrownBy(() -> EnrolledDevice.made(access, "two").bearer()).hasMessageStartingWith("device two: has no key here");
    }

    @Test
    void tokensEnd() {
        String join = token(Role.JOINING, Duration.ZERO, "");
        String look = token(Role.VIEWER, Duration.ofHours(2), "");
        String lasting = token(Role.VIEWER, Duration.ZERO, "");
        clock.pass(Duration.ofMinutes(59));
        caller(join);
        clock.pass(Duration.ofMinutes(1));
        refused(join, "expired token");
        caller(look);
        clock.pass(Duration.ofHours(1));
        refused(look, "expired token");
        clock.pass(Duration.ofDays(1000));
        restart();
        caller(lasting);
        caller(OWNER);
        refused(look, "wrong token"); // long forgotten
    }

    @Test
    void ofASharedRunTheTokenIsListedWithIt() {
        String id = access.tokens().share("12", Duration.ofDays(7)).id();
        Tokens.Made other = access.tokens().create(Role.VIEWER, Duration.ZERO, "");
        restart();
        assertThat(access.tokens().list()).filteredOn(state -> !state.getId().equals(Tokens.OWNER)).extracting(TokenState::getId, TokenState::getRun)
            .containsExactlyInAnyOrder(tuple(id, "12"), tuple(other.id(), ""));
    }

    @Test
    void revokedTokensLetNobodyIn() {
        Tokens.Made look = access.tokens().create(Role.VIEWER, Duration.ZERO, "");
        assertThat(caller(look.token()).role()).isEqualTo(Role.VIEWER);
        access.tokens().revoke(look.id());
        refused(look.token(), "revoked token");
        restart();
        refused(look.token(), "revoked token");
        assertThat(access.tokens().list()).filteredOn(state -> state.getId().equals(look.id())).singleElement()
            .satisfies(state -> assertThat(state.getState()).isEqualTo(TokenState.State.REVOKED));
        assertThatThrownBy(() -> access.tokens().revoke("none")).isInstanceOf(InputException.class).hasMessageStartingWith("token none: not known");
        assertThatThrownBy(() -> access.tokens().revoke(Tokens.OWNER)).isInstanceOf(InputException.class).hasMessageContaining("folder");
    }

    /** Tokens of today: the one in the folder goes on to work, until another lies there. */
    @Test
    void theOwnersTokenIsTheOneInTheFolder() {
        assertThat(caller(OWNER).role()).isEqualTo(Role.OPERATOR);
        close();
        database = Database.open(folder.resolve("lutra.db"));
        access = Access.open(database, clock, "another-token-of-the-owner");
        refused(OWNER, "wrong token");
        assertThat(caller("another-token-of-the-owner").role()).isEqualTo(Role.OPERATOR);
    }

    @Test
    void aNameStaysWithItsKey() {
        EnrolledDevice phone = EnrolledDevice.enrolled(access, "phone");
        EnrolledDevice thief = EnrolledDevice.made(access, "phone");
        String token = token(Role.JOINING, Duration.ZERO, "");
        assertThatThrownBy(() -> join(thief, token)).isInstanceOf(NameHasKeyException.class)
            .hasMessageStartingWith("device phone: the name belongs to another agent's key");
        assertThatThrownBy(() -> join(thief, OWNER)).isInstanceOf(NameHasKeyException.class);
        assertThatThrownBy(thief::bearer).isInstanceOf(AccessException.class).hasMessageStartingWith("device phone: not signed with its key");
        caller(phone.bearer());
        join(EnrolledDevice.made(access, "other"), token); // it was not used up
        restart();
        assertThatThrownBy(() -> new EnrolledDevice(access, "phone", thief.key()).bearer()).isInstanceOf(AccessException.class);
        caller(new EnrolledDevice(access, "phone", phone.key()).bearer());
    }

    @Test
    void aTokenForANameGivesItAnotherKey() {
        EnrolledDevice before = EnrolledDevice.enrolled(access, "board");
        String bearer = before.bearer();
        String token = token(Role.JOINING, Duration.ZERO, "board");
        assertThatThrownBy(() -> join(EnrolledDevice.made(access, "other"), token)).hasMessage("device other: the token is for board");
        EnrolledDevice after = EnrolledDevice.made(access, "board");
        join(after, token);
        caller(after.bearer());
        refused(bearer, "wrong token");
        assertThatThrownBy(before::bearer).isInstanceOf(AccessException.class);
    }

    @Test
    void aDeviceThatIsRemovedIsOut() {
        EnrolledDevice phone = EnrolledDevice.enrolled(access, "phone");
        String bearer = phone.bearer();
        access.removeKey("phone");
        refused(bearer, "wrong token");
        assertThatThrownBy(phone::bearer).hasMessageStartingWith("device phone: has no key here");
        restart();
        assertThatThrownBy(new EnrolledDevice(access, "phone", phone.key())::bearer).hasMessageStartingWith("device phone: has no key here");
    }

    @Test
    void aBearerIsGoodForAnHour() {
        String bearer = EnrolledDevice.enrolled(access, "phone").bearer();
        clock.pass(Duration.ofMinutes(59));
        caller(bearer);
        clock.pass(Duration.ofMinutes(1));
        refused(bearer, "expired token");
    }

    @Test
    void anAnswerToAChallengeIsGoodForOnceAndAMinute() {
        EnrolledDevice phone = EnrolledDevice.enrolled(access, "phone");
        AuthenticateRequest answer = phone.authentication();
        access.authenticate(answer);
        assertThatThrownBy(() -> access.authenticate(answer)).isInstanceOf(AccessException.class);

        AuthenticateRequest late = phone.authentication();
        clock.pass(Duration.ofSeconds(61));
        assertThatThrownBy(() -> access.authenticate(late)).hasMessageStartingWith("challenge: not one of this server's last minute");

        EnrolledDevice elsewhere = new EnrolledDevice(Access.open(database, clock, OWNER), "phone", phone.key());
        assertThatThrownBy(() -> access.authenticate(elsewhere.authentication())).hasMessageStartingWith("challenge: not one");
    }

    /** What is signed for the one is nothing for the other, nor for another device. */
    @Test
    void aSignatureIsForOnePurposeAndDevice() {
        EnrolledDevice phone = EnrolledDevice.enrolled(access, "phone");
        EnrollRequest enrollment = phone.enrollment();
        assertThatThrownBy(() -> access.authenticate(AuthenticateRequest.newBuilder().setDevice("phone").setChallenge(enrollment.getChallenge())
            .setSignature(enrollment.getSignature()).build())).hasMessageStartingWith("device phone: not signed with its key");
        assertThatThrownBy(() -> access.enroll(enrollment.toBuilder().setDevice("laptop").build(), caller(OWNER)))
            .hasMessageStartingWith("device laptop: not signed with its key");
    }

    @Test
    void onlyKeysOnP256AreTaken() throws GeneralSecurityException {
        KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
        keys.initialize(new ECGenParameterSpec("secp384r1"));
        for (EnrolledDevice device : List.of(new EnrolledDevice(access, "a", keys.generateKeyPair()),
            new EnrolledDevice(access, "b", KeyPairGenerator.getInstance("RSA").generateKeyPair()))) {
            assertThatThrownBy(() -> access.enroll(EnrolledDevice.made(access, device.name()).enrollment().toBuilder()
                .setPublicKey(com.google.protobuf.ByteString.copyFrom(device.key().getPublic().getEncoded())).build(), caller(OWNER)))
                .isInstanceOf(InputException.class).hasMessageStartingWith("public key: ");
        }
    }

    @Test
    void aRoleIsOneLine() {
        String look = token(Role.VIEWER, Duration.ZERO, "");
        assertThatThrownBy(() -> access.admit(AgentServiceGrpc.getServiceDescriptor().getName(), List.of(Role.AGENT), "Bearer " + look))
            .hasMessage("lutra.v1.AgentService: not for viewer tokens (expected: agent, which an agent of this version becomes by its key)")
            .satisfies(e -> assertThat(((AccessException) e).isCallerKnown()).isTrue());
        assertThatThrownBy(() -> access.admit("anything", List.of(), "Bearer " + OWNER)).isInstanceOf(AccessException.class);
        assertThatThrownBy(() -> token(Role.AGENT, Duration.ZERO, "")).isInstanceOf(InputException.class).hasMessageStartingWith("role: agent");
        assertThatThrownBy(() -> token(Role.VIEWER, Duration.ofDays(-1), "")).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> token(Role.VIEWER, Duration.ZERO, "phone")).isInstanceOf(InputException.class);
    }

    /** One of 64 would otherwise. */
    @Test
    void noTokenLooksLikeAnOption() {
        assertThat(Stream.generate(Secrets::make).limit(2000)).allMatch(token -> token.matches("[A-Za-z0-9_][A-Za-z0-9_-]{42}"))
            .doesNotHaveDuplicates();
    }

    @Test
    void noFileHoldsAToken() throws IOException {
        List<String> secrets = List.of(OWNER, token(Role.JOINING, Duration.ZERO, ""), token(Role.VIEWER, Duration.ZERO, ""),
            EnrolledDevice.enrolled(access, "phone").bearer());
        close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                secrets.forEach(secret -> assertThat(text.contains(secret)).as(file.toString()).isFalse());
            }
        }
    }
}

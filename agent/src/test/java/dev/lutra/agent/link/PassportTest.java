package dev.lutra.agent.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.task.InputException;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.connection.ServerAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that shows its key to a server on a real socket. */
class PassportTest {

    private static final Duration DEADLINE = Duration.ofSeconds(30);

    @TempDir
    Path state;
    private ScriptedServer server;
    private ServerLink link;

    @BeforeEach
    void start() {
        server = new ScriptedServer();
        link = new ServerLink(server.address());
    }

    @AfterEach
    void stop() throws InterruptedException {
        link.close();
        server.close();
    }

    private DeviceKey key() {
        return DeviceKey.find(state, server.address(), "box").orElseGet(() -> DeviceKey.make(state, server.address(), "box"));
    }

    private void join(Optional<String> token) {
        join(new Passport("box", key(), token));
    }

    private void join(Passport passport) {
        link.show(passport);
        link.call(DEADLINE, stub -> stub.join(JoinRequest.getDefaultInstance()));
    }

    @Test
    void aTokenIsNeededOnceAndTheKeyFromThenOn() {
        join(Optional.of(ScriptedServer.TOKEN));
        assertThat(server.access.keys).containsOnlyKeys("box");
        join(Optional.empty());
        assertThat(server.joins).hasSize(2);
    }

    @Test
    void aServerThatHasForgottenTheBearerIsShownTheKeyAgain() throws InterruptedException {
        Passport passport = new Passport("box", key(), Optional.of(ScriptedServer.TOKEN));
        join(passport);
        server.stop();
        server.start();
        link.close(); // whether it has seen yet that the server was away is chance
        link = new ServerLink(server.address());
        join(passport);
        assertThat(server.joins).hasSize(2);
    }

    /** Before it has ended, which the server would answer as if it were nobody's. */
    @Test
    void aBearerIsChangedInTime() {
        server.access.lifetimeMillis = 0;
        join(Optional.of(ScriptedServer.TOKEN));
        link.call(DEADLINE, stub -> stub.join(JoinRequest.getDefaultInstance()));
        assertThat(server.access.bearers.size()).isGreaterThan(1);
    }

    @Test
    void withoutAKeyThatIsKnownOrATokenNobodyIsLetIn() {
        assertThatThrownBy(() -> join(Optional.empty())).isInstanceOf(InputException.class)
            .hasMessage(server.address() + ": the server does not let this device in: device box: has no key here");
        assertThatThrownBy(() -> join(Optional.of("wrong"))).isInstanceOf(InputException.class)
            .hasMessage(server.address() + ": the server does not let this device in: wrong token");
        assertThat(server.joins).isEmpty();
    }

    @Test
    void theKeyIsItsUsersAlone() throws IOException {
        key().keep();
        try (Stream<Path> files = Files.list(state)) {
            List<Path> found = files.toList();
            assertThat(found).hasSize(1);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(found.get(0)))).isEqualTo("rw-------");
            Files.setPosixFilePermissions(found.get(0), PosixFilePermissions.fromString("rw-r--r--"));
            assertThat(key().publicKey()).isEqualTo(key().publicKey());
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(found.get(0)))).isEqualTo("rw-------");
        }
    }

    /** One server could otherwise pass another's challenge on, and speak there in the device's name. */
    @Test
    void everyServerAndNameHasAKeyOfItsOwn() {
        byte[] here = kept(new ServerAddress("localhost", 1));
        assertThat(DeviceKey.find(state, new ServerAddress("127.0.0.1", 2), "box").orElseThrow().publicKey()).isEqualTo(here);
        assertThat(DeviceKey.find(state, new ServerAddress("elsewhere", 1), "box")).isEmpty();
        assertThat(DeviceKey.find(state, new ServerAddress("localhost", 1), "box-2")).isEmpty();
    }

    private byte[] kept(ServerAddress at) {
        DeviceKey made = DeviceKey.make(state, at, "box");
        assertThat(made.keep()).isTrue();
        return made.publicKey();
    }

    private Optional<byte[]> found(String address) {
        return DeviceKey.find(state, ServerAddress.parse(address), "box").map(DeviceKey::publicKey);
    }

    @Test
    void aServerIsKnownByItsKeyWhereverItIs() {
        String one = "#sha256:" + "1".repeat(64);
        byte[] ours = kept(ServerAddress.parse("old.example:1" + one));
        assertThat(found("new.example:2" + one)).hasValue(ours);
        assertThat(found("127.0.0.1:3" + one)).hasValue(ours);
        assertThat(found("old.example:1#sha256:" + "2".repeat(64))).as("another server at that address").isEmpty();
        assertThat(found("old.example:1")).isEmpty();
    }

    /** Of an agent that was told the server's key only later. */
    @Test
    void aKeyThatIsKeptByAddressIsTheServersOnceThatKnowsIt() {
        String pinned = "#sha256:" + "1".repeat(64);
        byte[] ours = kept(ServerAddress.parse("old.example:1"));
        assertThat(found("old.example:1" + pinned)).hasValue(ours);
        assertThat(found("new.example:2" + pinned)).as("nobody has seen that it is that server").isEmpty();
        DeviceKey.find(state, ServerAddress.parse("old.example:1" + pinned), "box").orElseThrow().keep();
        assertThat(found("new.example:2" + pinned)).hasValue(ours);
        assertThat(state).as("moved").isDirectoryContaining(file -> file.toString().endsWith(".pem"));
        assertThat(found("old.example:1")).isEmpty();
    }

    @Test
    void aJoinThatFailsLeavesNoKey() {
        assertThatThrownBy(() -> join(Optional.of("wrong"))).isInstanceOf(InputException.class);
        assertThat(state).isEmptyDirectory();
        assertThatThrownBy(() -> join(Optional.empty())).isInstanceOf(InputException.class);
        assertThat(state).isEmptyDirectory();
        join(Optional.of(ScriptedServer.TOKEN));
        assertThat(state).isNotEmptyDirectory();
    }

    @Test
    void aServerThatIsAwayLeavesNoKeyOfAJoinThatWasToBeKept() throws InterruptedException {
        DeviceKey made = key();
        assertThat(made.keep()).isTrue();
        server.stop();
        assertThatThrownBy(() -> join(new Passport("box", made, Optional.of(ScriptedServer.TOKEN)))).isInstanceOf(ServerException.class);
        assertThat(state).isEmptyDirectory();
        server.start();
    }

    @Test
    void whatIsNoKeyIsNamed() throws IOException {
        key().keep();
        try (Stream<Path> files = Files.list(state)) {
            Path file = files.findFirst().orElseThrow();
            Files.writeString(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
            assertThatThrownBy(this::key).isInstanceOf(InputException.class).hasMessageStartingWith(file + ": no key (expected: ");
        }
    }
}

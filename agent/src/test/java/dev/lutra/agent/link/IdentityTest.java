package dev.lutra.agent.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import dev.lutra.proto.connection.ServerAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {

    private static final ServerAddress SERVER = ServerAddress.parse("localhost:7411");

    @TempDir
    private Path state;

    private Path lock() throws Exception {
        try (Stream<Path> files = Files.list(state)) {
            return files.filter(file -> file.toString().endsWith(".lock")).findFirst().orElseThrow();
        }
    }

    @Test
    void isTheSameAfterARestart() {
        assertThat(new Identity(state).machine()).isEqualTo(new Identity(state).machine());
        assertThat(new Identity(state).process()).isNotEqualTo(new Identity(state).process());
    }

    @Test
    @Timeout(20)
    void pipesAreNotWaitedFor() throws Exception {
        Identity.Claim claim = new Identity(state).claim(SERVER, "board").orElseThrow();
        List<Path> pipes = List.of(lock(), state.resolve("machine"));
        claim.close();
        for (Path pipe : pipes) {
            Files.deleteIfExists(pipe);
            assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        }
        Identity identity = new Identity(state);
        assertThat(identity.machine()).hasSize(64);
        try (Stream<Path> files = Files.list(state)) {
            assertThat(files).as("nothing is left of a number that cannot be kept").containsExactlyInAnyOrderElementsOf(pipes);
        }
        Optional<Identity.Claim> other = identity.claim(SERVER, "board");
        assertThat(other).as("nobody is kept out by what cannot be locked").isPresent();
        other.get().close();
    }
}

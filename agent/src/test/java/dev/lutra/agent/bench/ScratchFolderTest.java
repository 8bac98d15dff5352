package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchFolderTest {

    @TempDir
    private Path temporary;

    private List<Path> left() throws IOException {
        try (Stream<Path> files = Files.list(temporary)) {
            return files.sorted().toList();
        }
    }

    /** Has one until it is killed. */
    static final class Owner {

        public static void main(String[] args) throws Exception {
            ScratchFolder scratch = ScratchFolder.open(Path.of(args[0]));
            Files.write(scratch.runtime().resolve("library"), new byte[1000]);
            System.out.println("ready");
            Thread.sleep(600_000);
        }
    }

    private Process owner() throws IOException {
        Process owner = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            System.getProperty("java.class.path"), Owner.class.getName(), temporary.toString()).start();
        assertThat(owner.inputReader().readLine()).isEqualTo("ready");
        return owner;
    }

    @Test
    void whatAKilledProcessLeftIsSweptAndNothingOfTheLiving() throws Exception {
        Files.createDirectory(temporary.resolve("lutra-agent-of-somebody-else"));
        Process killed = owner();
        Process living = owner();
        try (ScratchFolder mine = ScratchFolder.open(temporary)) {
            assertThat(left()).as("both live").hasSize(4);
            killed.destroyForcibly().waitFor();
            try (ScratchFolder other = ScratchFolder.open(temporary)) {
                assertThat(left()).as("the killed one's has gone").hasSize(4).contains(mine.folder(), other.folder());
            }
            assertThat(left()).hasSize(3);
            ScratchFolder.open(temporary).close();
            assertThat(left()).hasSize(3);
        } finally {
            killed.destroyForcibly();
            living.destroyForcibly().waitFor();
        }
        ScratchFolder.open(temporary).close();
        assertThat(left()).containsExactly(temporary.resolve("lutra-agent-of-somebody-else"));
    }
}

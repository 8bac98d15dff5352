package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
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

    /** As a user who must heed permissions, which root need not. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void whatAChildLeftIsDeletedWhateverItsNamesDepthAndPermissions() throws Exception {
        String leave = "mkdir a; cd a; : > \"$(printf '\\377')\"; mkdir -p b/c; : > b/c/d; chmod 0 b/c; chmod 0 b; ln -s / root; mkfifo p;"
            + " cd ..; i=0; while [ $i -lt 60 ]; do n=$(printf %0200d $i); mkdir $n; cd -P $n; i=$((i+1)); done;"
            + " cd \"$0\"; chmod 500 a; chmod 0 .";
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            System.getProperty("java.class.path"), Emptied.class.getName(), temporary.toString(), leave));
        if (Files.getOwner(temporary).getName().equals("root")) {
            command.addAll(0, List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all"));
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("left 0\nempty true\n");
        assertThat(left()).isEmpty();
    }

    /** Empties its work folder after a child, and closes after another. */
    static final class Emptied {

        public static void main(String[] args) throws Exception {
            try (ScratchFolder scratch = ScratchFolder.open(Path.of(args[0]))) {
                System.out.println("left " + leave(scratch, args[1]));
                scratch.emptyWork();
                try (Stream<Path> files = Files.list(scratch.work())) {
                    System.out.println("empty " + files.findAny().isEmpty());
                }
                leave(scratch, args[1]);
            }
        }

        private static int leave(ScratchFolder scratch, String command) throws Exception {
            return new ProcessBuilder("sh", "-c", command, scratch.work().toString()).directory(scratch.work().toFile()).inheritIO().start()
                .waitFor();
        }
    }
}

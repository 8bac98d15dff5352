package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {

    @TempDir
    Path folder;
    private Path data;
    private Path file;

    @BeforeEach
    void name() throws Exception {
        data = Files.createDirectories(folder.resolve("data"));
        file = folder.resolve("backup.zip");
    }

    /** While somebody goes on writing: what was acknowledged before it began is in it, up to one moment. */
    @Test
    void holdsAllThatWasAcknowledgedBeforeItBegan() throws Exception {
        AtomicInteger written = new AtomicInteger();
        AtomicBoolean enough = new AtomicBoolean();
        int before;
        String sha256;
        try (Database database = Database.open(data.resolve("lutra.db"))) {
            ResultStore results = new ResultStore(database, "e");
            sha256 = new ModelStore(data.resolve("models")).put(new byte[]{1, 2, 3});
            Files.writeString(data.resolve("token"), "secret\n");
            Files.writeString(data.resolve("lock"), "");
            Thread writer = new Thread(() -> {
                while (!enough.get()) {
                    results.put("row", Integer.toString(written.get()), "{}");
                    written.incrementAndGet();
                }
            });
            writer.start();
            while (written.get() < 50) {
                Thread.onSpinWait();
            }
            before = written.get();
            Backup.write(data, file);
            enough.set(true);
            writer.join();
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");

        Path restored = folder.resolve("restored");
        Backup.restore(file, restored);
        try (Database database = Database.open(restored.resolve("lutra.db"))) {
            int rows = new ResultStore(database, "e").all("row").size();
            assertThat(rows).isBetween(before, written.get());
            assertThat(new ResultStore(database, "e").find("row", Integer.toString(rows - 1))).as("without a gap").isPresent();
        }
        assertThat(new ModelStore(restored.resolve("models")).find(sha256)).isPresent();
        assertThat(restored.resolve("token")).hasContent("secret");
        assertThat(restored.resolve("lock")).doesNotExist();
        try (var left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("data", "backup.zip", "restored");
        }
    }

    @Test
    void takesNothingAway() throws Exception {
        Database.open(data.resolve("lutra.db")).close();
        Files.writeString(file, "something");
        assertThatThrownBy(() -> Backup.write(data, file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": is there already (expected: a new file)");
        assertThatThrownBy(() -> Backup.restore(file, data)).hasMessage(data + ": is not empty (expected: a new folder)");
        assertThatThrownBy(() -> Backup.write(folder.resolve("none"), folder.resolve("other.zip"))).hasMessageContaining("no folder of a server");
        assertThat(file).hasContent("something");
    }

    @Test
    void refusesWhatIsNoWholeBackup() throws Exception {
        Path restored = folder.resolve("restored");
        Files.writeString(file, "something");
        assertThatThrownBy(() -> Backup.restore(file, restored)).hasMessage(file + ": no backup (expected: a file of lutra backup)");
        try (Database database = Database.open(data.resolve("lutra.db"))) {
            new ModelStore(data.resolve("models")).put(new byte[]{1, 2, 3});
        }
        Path whole = folder.resolve("whole.zip");
        Backup.write(data, whole);
        byte[] bytes = Files.readAllBytes(whole);
        Path torn = folder.resolve("torn.zip");
        Files.write(torn, java.util.Arrays.copyOf(bytes, bytes.length / 3));
        assertThatThrownBy(() -> Backup.restore(torn, restored)).isInstanceOf(InputException.class).hasMessageStartingWith(torn.toString());
        assertThat(restored).doesNotExist();
    }
}

package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
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

    /** Each run's candidates and events are in a database of its own, in which its process writes meanwhile. */
    @Test
    void holdsTheServersRuns() throws Exception {
        Path run = data.resolve("runs/7");
        try (Database server = Database.open(data.resolve("lutra.db")); Database database = Database.open(run.resolve("lutra.db"))) {
            new ResultStore(server, "e").put("of", "server", "{}");
            new ResultStore(database, "e").put("candidate", "1", "{}");
            String model = new ModelStore(run.resolve("models")).put(new byte[]{4, 5});
            Path table = Files.createDirectories(run.resolve("lut")).resolve("Pixel 8 (office).json");
            Files.writeString(table, "{}");
            Files.writeString(run.resolve("front.json.1234.tmp"), "half");
            Backup.write(data, file);
            Path restored = folder.resolve("restored");
            Backup.restore(file, restored);
            try (Database again = Database.open(restored.resolve("runs/7/lutra.db"))) {
                assertThat(new ResultStore(again, "e").all("candidate")).containsOnlyKeys("1");
                assertThat(new ResultStore(again, "e").find("of", "server")).as("each has its own").isEmpty();
            }
            assertThat(new ModelStore(restored.resolve("runs/7/models")).find(model)).isPresent();
            assertThat(restored.resolve("runs/7/lut/Pixel 8 (office).json")).hasContent("{}");
            assertThat(restored.resolve("runs/7/front.json.1234.tmp")).doesNotExist();
        }
    }

    /** As people type it: from where they are. */
    @Test
    void restoresToAFolderHoweverItIsNamed() throws Exception {
        Database.open(data.resolve("lutra.db")).close();
        Backup.write(data, file);
        for (String name : List.of("./here", "data/../beside", "last/.")) {
            Backup.restore(file, folder.resolve(name));
            assertThat(folder.resolve(name).normalize().resolve("lutra.db")).isRegularFile();
        }
        try (var left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("data", "backup.zip", "here", "beside", "last");
        }
    }

    @Test
    void writesNothingElsewhere() throws Exception {
        for (String name : List.of("../outside", "/tmp/outside", "models/../../outside")) {
            Files.deleteIfExists(file);
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(1);
            }
            assertThatThrownBy(() -> Backup.restore(file, folder.resolve("restored"))).isInstanceOf(InputException.class)
                .hasMessage(file + ": holds '" + name + "' (expected: a backup of lutra backup)");
            assertThat(folder.resolve("restored")).doesNotExist();
            assertThat(folder.resolve("outside")).doesNotExist();
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

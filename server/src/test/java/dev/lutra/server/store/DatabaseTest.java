package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {

    @TempDir
    Path folder;

    @Test
    void isMadeWithItsFolderAndOpenedAgain() {
        Path file = folder.resolve("a/b/lutra.db");
        try (Database database = Database.open(file)) {
            new ResultStore(database, "e").put("k", "1", "{}");
        }
        try (Database database = Database.open(file)) {
            assertThat(new ResultStore(database, "e").find("k", "1")).contains("{}");
        }
    }

    @Test
    void runsWithAWriteAheadLogAndForeignKeys() {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            assertThat(pragma(database, "journal_mode")).isEqualTo("wal");
            assertThat(pragma(database, "foreign_keys")).isEqualTo("1");
            assertThat(pragma(database, "synchronous")).isEqualTo("2");
            assertThat(Integer.parseInt(pragma(database, "busy_timeout"))).isPositive();
        }
    }

    private static String pragma(Database database, String name) {
        return database.transaction(handle -> handle.createQuery("PRAGMA " + name).mapTo(String.class).one());
    }

    /** While one is written others come; these are committed by one thread at once, and one that fails takes none with it. */
    @Test
    void thoseWhoComeMeanwhileAreCommittedTogether() throws Exception {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            ResultStore results = new ResultStore(database, "e");
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            Thread first = new Thread(() -> database.transaction(handle -> {
                handle.execute("INSERT INTO results (experiment, kind, key, value) VALUES ('e', 'k', 'first', '{}')");
                begun.countDown();
                return awaited(end);
            }));
            first.start();
            begun.await();
            Set<Thread> committers = ConcurrentHashMap.newKeySet();
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            List<Thread> others = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String key = "other" + i;
                Thread other = new Thread(() -> database.transaction(handle -> {
                    committers.add(Thread.currentThread());
                    handle.execute("INSERT INTO results (experiment, kind, key, value) VALUES ('e', 'k', ?, '{}')", key);
                    if (key.equals("other7")) {
                        throw new IllegalStateException("other7 fails");
                    }
                    return key;
                }));
                other.setUncaughtExceptionHandler((thread, problem) -> failures.add(problem));
                other.start();
                others.add(other);
            }
            for (Thread other : others) {
                while (other.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            }
            int seen = database.read(handle -> handle.createQuery("SELECT count(*) FROM results").mapTo(Integer.class).one());
            assertThat(seen).as("what is committed is seen beside one that is under way").isZero();
            end.countDown();
            for (Thread other : others) {
                other.join();
            }
            assertThat(committers).hasSize(1);
            assertThat(failures).singleElement().asInstanceOf(InstanceOfAssertFactories.THROWABLE).hasMessage("other7 fails");
            assertThat(results.all("k")).hasSize(20).containsKeys("first", "other0", "other19").doesNotContainKey("other7");
        }
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            latch.await();
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void rollsBackWhatFails() {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            assertThatThrownBy(() -> database.transaction(handle -> {
                handle.execute("INSERT INTO results (experiment, kind, key, value) VALUES ('e', 'k', '1', '{}')");
                throw new IllegalStateException("after the insert");
            })).hasMessage("after the insert");
            assertThat(new ResultStore(database, "e").all("k")).isEmpty();
        }
    }

    @Test
    void twoProcessesTakeTurns() throws InterruptedException {
        Path file = folder.resolve("lutra.db");
        try (Database one = Database.open(file); Database other = Database.open(file)) {
            ResultStore mine = new ResultStore(one, "e");
            Thread writer = new Thread(() -> {
                for (int i = 0; i < 50; i++) {
                    new ResultStore(other, "e").put("theirs", "" + i, "{}");
                }
            });
            writer.start();
            for (int i = 0; i < 50; i++) {
                mine.put("mine", "" + i, "{}");
            }
            writer.join();
            assertThat(mine.all("mine")).hasSize(50);
            assertThat(mine.all("theirs")).hasSize(50);
        }
    }

    @Test
    void refusesAFileThatIsNoDatabase() throws Exception {
        Path file = Files.writeString(folder.resolve("notes.txt"), "no database, but long enough to be read as one ".repeat(40));
        assertRefused(file, "not a database");
        assertThat(file).content().startsWith("no database");
    }

    @Test
    void refusesADatabaseOfSomethingElse() throws Exception {
        Path file = folder.resolve("songs.db");
        execute(file, "CREATE TABLE songs (title TEXT)");
        assertRefused(file, "not a database of Lutra");
    }

    @Test
    void refusesADatabaseOfANewerLutra() throws Exception {
        Path file = folder.resolve("lutra.db");
        Database.open(file).close();
        execute(file, "INSERT INTO flyway_schema_history SELECT 99, '99', 'from the future', type, 'V99__f.sql', checksum,"
            + " installed_by, installed_on, execution_time, success FROM flyway_schema_history WHERE version = '1'");
        assertRefused(file, "written by a newer Lutra (schema version 99)");
    }

    @Test
    void refusesAPlaceWhereNoFileCanBe() throws Exception {
        assertRefused(Files.createDirectory(folder.resolve("taken")), "a folder (expected: a file)");
        assertRefused(Files.createFile(folder.resolve("file")).resolve("lutra.db"), "cannot be opened");
    }

    /** As a failing disk leaves a file: whoever starts a run is told before it, and what to do. */
    @Test
    void refusesAPipe() throws Exception {
        Path pipe = folder.resolve("lutra.db");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertThatThrownBy(() -> Database.open(pipe)).isInstanceOf(InputException.class)
            .hasMessage(pipe + ": a pipe or a device (expected: a regular file)");
    }

    @Test
    void aDamagedFileIsToldWhenItIsOpened() throws Exception {
        Path file = folder.resolve("lutra.db");
        try (Database database = Database.open(file)) {
            for (int i = 0; i < 300; i++) {
                new ResultStore(database, "e").put("k", "" + i, "x".repeat(500));
            }
        }
        byte[] content = Files.readAllBytes(file);
        Arrays.fill(content, content.length / 2, content.length / 2 + 3 * 4096, (byte) 0x5a);
        Files.write(file, content);
        assertRefused(file, "damaged (");
        assertRefused(file, "move it away with its -wal and -shm");
    }

    @Test
    void damageOfTheFirstPageIsTold() throws Exception {
        Path file = folder.resolve("lutra.db");
        Database.open(file).close();
        byte[] content = Files.readAllBytes(file);
        Arrays.fill(content, 100, 2000, (byte) 0x5a);
        Files.write(file, content);
        assertRefused(file, "damaged (");
    }

    @Test
    void onlyItsOwnerMayRead() throws Exception {
        assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
        Path file = folder.resolve("lutra.db");
        try (Database database = Database.open(file)) {
            new ResultStore(database, "e").put("k", "1", "{}");
            assertThat(modes("lutra.db")).isEqualTo("rw-------");
            assertThat(modes("lutra.db-wal")).isEqualTo("rw-------");
            assertThat(modes("lutra.db-shm")).isEqualTo("rw-------");
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        Database.open(file).close();
        assertThat(modes("lutra.db")).as("of an earlier Lutra").isEqualTo("rw-------");
    }

    private String modes(String name) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
    }

    /** A backup, or somebody with the sqlite3 shell. */
    @Test
    void aDatabaseThatIsInUseIsWaitedForAndNothingIsLost() throws Exception {
        Path file = folder.resolve("lutra.db");
        List<String> said = new CopyOnWriteArrayList<>();
        try (Database database = Database.open(file, said::add, 20)) {
            ResultStore results = new ResultStore(database, "e");
            results.put("k", "before", "{}");
            try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file); Statement lock = other.createStatement()) {
                lock.execute("BEGIN EXCLUSIVE");
                assertThatThrownBy(() -> database.transaction(handle -> handle.execute("DELETE FROM results")))
                    .isInstanceOf(StorageException.class).hasMessage(file + ": in use by another process");
                CompletableFuture<Void> put = CompletableFuture.runAsync(() -> results.put("k", "meanwhile", "{}"));
                while (said.isEmpty()) {
                    Thread.sleep(5);
                }
                assertThat(put).isNotDone();
                lock.execute("ROLLBACK");
                put.get(60, TimeUnit.SECONDS);
            }
            assertThat(results.all("k")).containsOnlyKeys("before", "meanwhile");
            while (said.size() < 2) { // of who was refused and did not come back
                results.put("k", "meanwhile", "{}");
                Thread.sleep(50);
            }
            assertThat(said).containsExactly("storage: waiting, " + file + ": in use by another process; goes on by itself once that is over",
                "storage: works again, going on");
        }
    }

    @Test
    void aDatabaseThatIsInUseWhenItIsOpenedIsWaitedFor() throws Exception {
        Path file = folder.resolve("lutra.db");
        Database.open(file).close();
        List<String> said = new CopyOnWriteArrayList<>();
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file); Statement lock = other.createStatement()) {
            lock.execute("PRAGMA locking_mode = EXCLUSIVE");
            lock.execute("BEGIN EXCLUSIVE");
            CompletableFuture<Database> opened = CompletableFuture.supplyAsync(() -> Database.open(file, said::add, 20));
            while (said.isEmpty()) {
                Thread.sleep(5);
            }
            other.close();
            opened.get(60, TimeUnit.SECONDS).close();
        }
    }

    /** A real one, of two megabytes, where the machine lets us have it. */
    @Test
    void aFullDiskIsWaitedOutAndNothingIsLost() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk.toString())).as("needs the right to mount").isZero();
        try {
            List<String> said = new CopyOnWriteArrayList<>();
            try (Database database = Database.open(disk.resolve("lutra.db"), said::add)) {
                ResultStore results = new ResultStore(database, "e");
                ModelStore models = new ModelStore(disk.resolve("models"));
                results.put("k", "before", "{}");
                Path filler = disk.resolve("filler");
                assertThatThrownBy(() -> Files.write(filler, new byte[4 << 20])).hasMessageContaining("No space left");
                assertThatThrownBy(() -> models.put(new byte[100_000])).isInstanceOf(StorageException.class)
                    .hasMessage(disk.resolve("models") + ": the disk is full");
                List<String> acknowledged = new CopyOnWriteArrayList<>();
                CompletableFuture<Void> puts = CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < 40; i++) {
                        results.put("k", "r" + i, "x".repeat(10_000));
                        acknowledged.add("r" + i);
                    }
                });
                while (said.isEmpty()) {
                    Thread.sleep(5);
                }
                assertThat(said.get(0)).startsWith("storage: waiting, " + disk.resolve("lutra.db") + ": the disk");
                assertThat(puts).isNotDone();
                assertThat(acknowledged).hasSizeLessThan(40);
                Files.delete(filler);
                puts.get(60, TimeUnit.SECONDS);
                assertThat(results.all("k").keySet()).contains("before").containsAll(acknowledged).hasSize(41);
                assertThat(said).hasSize(2);
                assertThat(models.find(models.put(new byte[100_000]))).isPresent();
            }
        } finally {
            run("umount", disk.toString());
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    private static void assertRefused(Path file, String problem) {
        assertThatThrownBy(() -> Database.open(file))
            .isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": ").hasMessageContaining(problem)
            .hasMessageNotContaining("\n");
    }

    private static void execute(Path file, String sql) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
            Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

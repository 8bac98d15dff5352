package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as a power cut leaves them: copied while they are being worked with, then torn. */
class LeftBehindTest {

    private static final int VALUES = 50;

    @TempDir
    Path folder;
    private Path living;
    private Path left;
    private Database database;
    private ModelStore models;

    @BeforeEach
    void work() {
        living = folder.resolve("living");
        left = folder.resolve("left");
        database = Database.open(living.resolve("lutra.db"));
        models = new ModelStore(living.resolve("models"));
        put(0, VALUES);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void put(int from, int to) {
        ResultStore results = new ResultStore(database, "e");
        IntStream.range(from, to).forEach(i -> results.put("k", Integer.toString(i), "x".repeat(500)));
    }

    private void cut() throws IOException {
        Files.createDirectories(left.resolve("models"));
        for (Path from : List.of(living, living.resolve("models"))) {
            try (Stream<Path> files = Files.list(from)) {
                for (Path file : files.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith("-shm")).toList()) {
                    Files.copy(file, left.resolve(living.relativize(file).toString()));
                }
            }
        }
    }

    private List<String> found() {
        return LeftBehind.in(left.resolve("lutra.db"), left.resolve("models"));
    }

    private List<String> kept() {
        try (Database next = Database.open(left.resolve("lutra.db"))) {
            assertThat(next.<String>read(handle -> handle.createQuery("PRAGMA integrity_check").mapTo(String.class).one())).isEqualTo("ok");
            return List.copyOf(new ResultStore(next, "e").all("k").keySet());
        }
    }

    private static List<String> upTo(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toList();
    }

    private void refused(String reason) {
        assertThatThrownBy(() -> Database.open(left.resolve("lutra.db"))).isInstanceOf(InputException.class)
            .hasMessageStartingWith(left.resolve("lutra.db") + ": damaged (" + reason).hasMessageContaining("lutra restore BACKUP --data FOLDER")
            .hasMessageNotContaining("\n");
    }

    @Test
    void whoeverStopsAsHeShouldLeavesNothing() throws Exception {
        models.put(new byte[]{1});
        database.close();
        cut();
        assertThat(found()).isEmpty();
        assertThat(kept()).isEqualTo(upTo(VALUES));
        assertThat(LeftBehind.in(folder.resolve("none/lutra.db"), folder.resolve("none/models"))).isEmpty();
    }

    @Test
    void theLogIsTakenOverWithAllThatWasAcknowledged() throws Exception {
        cut();
        assertThat(found()).hasSize(1).first().asString().startsWith(left.resolve("lutra.db") + ": the server before did not close it");
        assertThat(kept()).isEqualTo(upTo(VALUES));
        assertThat(found()).as("the next one is told nothing").isEmpty();
    }

    /** Of a transaction that nobody was told to be written, a part is: it is none. */
    @Test
    void aTornEndOfTheLogTakesNothingElseWithIt() throws Exception {
        long acknowledged = Files.size(living.resolve("lutra.db-wal"));
        put(VALUES, VALUES + 1);
        assertThat(Files.size(living.resolve("lutra.db-wal"))).isGreaterThan(acknowledged + 100);
        cut();
        try (RandomAccessFile log = new RandomAccessFile(left.resolve("lutra.db-wal").toFile(), "rw")) {
            log.setLength(acknowledged + 100);
        }
        assertThat(kept()).isEqualTo(upTo(VALUES));
    }

    /** As blocks that a disk has given the file, but not written yet. */
    @Test
    void whatLiesBehindTheLogIsNotTakenForPartOfIt() throws Exception {
        cut();
        Files.write(left.resolve("lutra.db-wal"), new byte[10_000], StandardOpenOption.APPEND);
        assertThat(kept()).isEqualTo(upTo(VALUES));
    }

    @Test
    void aDatabaseThatEndsTooEarlyIsRefused() throws Exception {
        database.close();
        cut();
        for (double share : new double[]{0.9, 0.5, 0.1}) {
            try (RandomAccessFile file = new RandomAccessFile(left.resolve("lutra.db").toFile(), "rw")) {
                file.setLength((long) (file.length() * share));
            }
            refused("");
        }
    }

    /** SQLite would take it for a new one, and its log for that of another. */
    @Test
    void anEmptiedDatabaseWithItsLogIsRefused() throws Exception {
        cut();
        byte[] log = Files.readAllBytes(left.resolve("lutra.db-wal"));
        Files.write(left.resolve("lutra.db"), new byte[0]);
        refused("it is empty, and its log is not");
        assertThat(left.resolve("lutra.db-wal")).hasBinaryContent(log);
    }

    @Test
    void aTornModelIsPutAsideAndCanBeStoredAgain() throws Exception {
        byte[] content = {1, 2, 3, 4};
        String whole = models.put(new byte[]{9});
        String torn = models.put(content);
        models.receive().write(new byte[100]);
        cut();
        Path file = left.resolve("models").resolve(torn + ".onnx");
        Files.write(file, new byte[]{1, 2});
        List<String> found = found();
        assertThat(found).hasSize(3);
        assertThat(found.get(1)).isEqualTo(left.resolve("models") + ": deletes 1 half-received model, which nobody was told to be stored");
        assertThat(found.get(2)).isEqualTo(file + ": damaged, put aside as " + torn + ".onnx.damaged; a run that needs this model stores it again");
        ModelStore next = new ModelStore(left.resolve("models"));
        assertThat(next.find(torn)).isEmpty();
        assertThat(next.find(whole)).isPresent();
        assertThat(next.find(next.put(content))).hasValueSatisfying(stored -> assertThat(stored).hasBinaryContent(content));
    }

    /** Gigabytes of models are not read again for what happened today. */
    @Test
    void modelsOfLongBeforeAreNotRead() throws Exception {
        String old = models.put(new byte[]{1, 2, 3, 4});
        cut();
        Path file = left.resolve("models").resolve(old + ".onnx");
        Files.write(file, new byte[]{1});
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        assertThat(found()).hasSize(1);
    }
}

package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
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
            assertThat(pragma(database, "synchronous")).isEqualTo("1");
            assertThat(Integer.parseInt(pragma(database, "busy_timeout"))).isPositive();
        }
    }

    private static String pragma(Database database, String name) {
        return database.transaction(handle -> handle.createQuery("PRAGMA " + name).mapTo(String.class).one());
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
        assertRefused(Files.createDirectory(folder.resolve("taken")), "cannot be opened");
        assertRefused(Files.createFile(folder.resolve("file")).resolve("lutra.db"), "cannot be opened");
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

package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.cli.Main;
import dev.lutra.server.store.Database;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Searches that learn, in processes that are killed with {@code kill -9} twenty times each, from their first candidates to their last. */
@Tag("slow")
class KilledSearchTest {

    private static final int KILLS = 20;
    private static final String TWICE = "SELECT count(*) FROM twice";
    private static final String STORED = "SELECT count(*) FROM results WHERE kind LIKE 'candidate %'";

    @TempDir
    private Path folder;

    /** All of 1,024 networks, with a little chance in their accuracies. */
    private static String table() {
        Random random = new Random(1);
        StringBuilder rows = new StringBuilder("arch,accuracy,macs\n");
        IntStream.range(0, 1024).forEach(number -> {
            int[] genes = IntStream.range(0, 5).map(gene -> number >> 2 * gene & 3).toArray();
            double gain = IntStream.range(0, 5).mapToDouble(gene -> Math.log(1 + genes[gene]) * (1 + 0.2 * gene)).sum();
            int macs = IntStream.range(0, 5).map(gene -> (1 + genes[gene]) * (7 - gene)).sum();
            IntStream.of(genes).forEach(rows::append);
            rows.append(',').append(0.8 - 0.3 * Math.exp(-0.3 * gain) + 0.002 * random.nextGaussian()).append(',').append(macs).append('\n');
        });
        return rows.toString();
    }

    private Path home(String name, String algorithm) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Files.writeString(home.resolve("all.csv"), table());
        Files.writeString(home.resolve("killed.yaml"), """
            name: killed
            space: {table: all.csv}
            objectives: [accuracy, macs]
            search: {algorithm: %s}
            """.formatted(algorithm));
        return home;
    }

    private static Process start(Path home) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath(), Main.class.getName(), "run", "killed.yaml");
        builder.environment().put("XDG_STATE_HOME", home.resolve("state").toString());
        builder.environment().put("XDG_CACHE_HOME", home.resolve("cache").toString());
        return builder.directory(home.toFile()).redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("said.txt").toFile())).start();
    }

    /** As the tests', whose entries may be relative to where they run. */
    private static String classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toAbsolutePath().toString()).collect(Collectors.joining(File.pathSeparator));
    }

    private static long number(Path home, String query) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database(home));
            Statement statement = connection.createStatement();
            ResultSet found = statement.executeQuery(query)) {
            return found.getLong(1);
        }
    }

    private static void execute(Path home, String command) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database(home));
            Statement statement = connection.createStatement()) {
            statement.execute(command);
        }
    }

    private static Path database(Path home) {
        return home.resolve("runs/killed/lutra.db");
    }

    /** Storing a candidate counts some hundred thousand rows besides, so that there is time between two of them to be killed in. */
    private static void makeSlow(Path home) throws SQLException {
        execute(home, "CREATE TABLE digits AS SELECT column1 AS digit FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))");
        execute(home, "CREATE TABLE counted (rows INTEGER)");
        execute(home, "CREATE TRIGGER slow AFTER INSERT ON results WHEN new.kind LIKE 'candidate %' BEGIN "
            + "INSERT INTO counted SELECT count(*) FROM digits a, digits b, digits c, digits d, digits e WHERE a.digit + e.digit >= 0; END");
    }

    private static void finish(Path home) throws IOException, InterruptedException {
        assertThat(start(home).waitFor()).as("%s", Files.readString(home.resolve("said.txt"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{lutra: {budget: 120}}", "{nao: {first: 60, new: 30, iterations: 4, top: 20, steps: 10, epochs: 5}}",
        "{fairnas: {population: 30, generations: 10}}"})
    void endsWithTheSameFrontAndEvaluatesNothingTwice(String algorithm) throws Exception {
        Path unbroken = home("unbroken", algorithm);
        finish(unbroken);
        long all = stored(unbroken);

        Path killed = home("killed", algorithm);
        Files.createDirectories(database(killed).getParent());
        Database.open(database(killed)).close();
        execute(killed, "CREATE TABLE twice (key TEXT)");
        execute(killed, "CREATE TRIGGER noted AFTER UPDATE ON results WHEN old.kind LIKE 'candidate %' BEGIN "
            + "INSERT INTO twice VALUES (old.key); END");
        makeSlow(killed);
        Random random = new Random(4);
        StringBuilder points = new StringBuilder();
        for (int kill = 0; kill < KILLS; kill++) {
            long last = Math.max((long) ((kill + random.nextDouble()) * all / KILLS), stored(killed) + 1);
            Process mortal = start(killed);
            while (mortal.isAlive() && stored(killed) < last) {
                Thread.sleep(2);
            }
            mortal.destroyForcibly().waitFor();
            assertThat(mortal.exitValue()).as("killed before it could end, with %s stored of %s: %s", stored(killed), all,
                Files.readString(killed.resolve("said.txt"))).isEqualTo(128 + 9);
            points.append(' ').append(stored(killed));
            assertThat(number(killed, TWICE)).isZero();
        }
        finish(killed);

        assertThat(killed.resolve("runs/killed/front.csv")).as("killed with%s evaluated", points)
            .hasSameTextualContentAs(unbroken.resolve("runs/killed/front.csv"));
        assertThat(number(killed, TWICE)).isZero();
        assertThat(stored(killed)).isEqualTo(stored(unbroken)).isGreaterThan(100);
        execute(killed, "UPDATE results SET value = value WHERE kind LIKE 'candidate %'");
        assertThat(number(killed, TWICE)).as("what is stored twice would have been noted").isEqualTo(stored(killed));
    }

    private static long stored(Path home) {
        try {
            return number(home, STORED);
        } catch (SQLException e) {
            return 0; // while the database is being made, or is written
        }
    }
}

package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Device;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that writes is killed, as by {@code kill -9}, and what it had said to be written is there. */
class KillTest {

    private static final int TASKS = 1_000;

    /** The process that is killed: tells each thing it has done, once it is done. */
    static final class Writer {

        public static void main(String[] args) {
            Database database = Database.open(Path.of(args[0]));
            ResultStore results = new ResultStore(database, "killed");
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            queue.submit("pi", IntStream.range(0, TASKS).mapToObj(i -> Task.newBuilder().setId("t" + i).build()).toList());
            tell("submitted");
            String session = queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("pi")).build());
            for (int i = 0;; i++) {
                results.put("row", "r" + i, "{\"row\": " + i + "}");
                tell("put r" + i);
                for (LeasedTask task : queue.lease(session, 2)) {
                    LeaseName lease = LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
                    queue.report(session, lease, done(lease.getTaskId()));
                    tell("done " + lease.getTaskId());
                }
            }
        }

        private static void tell(String what) {
            System.out.println(what);
            System.out.flush();
        }
    }

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 150, 401})
    void whatWasWrittenOutlivesTheProcess(int linesBeforeTheKill) throws Exception {
        Path file = folder.resolve("lutra.db");
        List<String> told = runAndKill(file, linesBeforeTheKill);
        Files.deleteIfExists(folder.resolve("lutra.db-shm")); // what a reboot takes away

        try (Database database = Database.open(file)) {
            String integrity = database.transaction(handle -> handle
                .createQuery("PRAGMA integrity_check").mapTo(String.class).one());
            assertThat(integrity).isEqualTo("ok");

            List<String> rows = List.copyOf(new ResultStore(database, "killed").all("row").keySet());
            List<String> toldRows = after("put ", told);
            assertThat(rows).startsWith(toldRows.toArray(String[]::new)).hasSizeBetween(toldRows.size(), toldRows.size() + 1);

            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            Set<String> all = IntStream.range(0, TASKS).mapToObj(i -> "t" + i)
                .collect(Collectors.toCollection(LinkedHashSet::new));
            List<TaskOutcome> before = queue.outcomes(all);
            List<String> toldDone = after("done ", told);
            assertThat(before).hasSizeBetween(toldDone.size(), toldDone.size() + 1);
            assertThat(before).extracting(TaskOutcome::getTaskId).startsWith(toldDone.toArray(String[]::new));
            assertThat(before).allMatch(outcome -> outcome.getOutcome().equals(done(outcome.getTaskId())));

            assertThat(left(queue)).isEqualTo(TASKS - before.size());
        }
    }

    /** How many tasks a new agent gets: those that were leased when the process died, too. */
    private static int left(TaskQueue queue) {
        String session = queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("pi")).build());
        int left = 0;
        for (List<LeasedTask> leased = queue.lease(session, 64); !leased.isEmpty(); leased = queue.lease(session, 64)) {
            for (LeasedTask task : leased) {
                LeaseName lease = LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build();
                assertThat(queue.report(session, lease, done(lease.getTaskId()))).isTrue();
                left++;
            }
        }
        return left;
    }

    private List<String> runAndKill(Path file, int lines) throws IOException, InterruptedException {
        Process writer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Writer.class.getName(), file.toString())
            .redirectError(folder.resolve("errors.txt").toFile()).start();
        List<String> told = new ArrayList<>();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(writer.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = nextTold(out); line != null; line = nextTold(out)) {
                told.add(line);
                if (told.size() == lines) {
                    writer.toHandle().destroyForcibly(); // unlike the process's own method, leaves its last words readable
                }
            }
        }
        writer.waitFor();
        assertThat(told).as(Files.readString(folder.resolve("errors.txt"))).hasSizeGreaterThanOrEqualTo(lines);
        return told;
    }

    /** Skips the log, which without a configuration goes to the same stream. */
    private static String nextTold(BufferedReader out) throws IOException {
        String line = out.readLine();
        while (line != null && !line.matches("(submitted|put r\\d+|done t\\d+)")) {
            line = out.readLine();
        }
        return line;
    }

    private static List<String> after(String prefix, List<String> told) {
        return told.stream().filter(line -> line.startsWith(prefix)).map(line -> line.substring(prefix.length())).toList();
    }

    private static Outcome done(String id) {
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("done " + id)).build();
    }
}

package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.server.store.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What comes between an agent and its server while it profiles: its own death or sleep, the network's, the server's, the run's.
 * Afterwards every task has one measured result, the table has that one, and every other that was measured was refused.
 */
@Tag("faults")
class FaultsTest {

    private static final Duration PATIENCE = Duration.ofMinutes(8);
    /** Twice what a lease lives without being renewed. */
    private static final Duration CUT = Duration.ofSeconds(60);
    /** An agent that takes few tasks at a time has some results delivered, some in hand and some ahead. */
    private static final String FEW = "4";
    private static final String DEVICE = "box";

    @TempDir
    private Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();
    private LutraProcess server;
    private int port;
    private LutraProcess profile;

    /** A task as the server's database has it; the session is that of its newest lease, unless that was lost. */
    private record Row(String state, long epoch, String session, Task task, Outcome outcome) {

        static Row of(ResultSet row) throws SQLException {
            try {
                byte[] outcome = row.getBytes("outcome");
                return new Row(row.getString("state"), row.getLong("epoch"), row.getString("session"),
                    Task.parseFrom(row.getBytes("task")), Outcome.parseFrom(outcome == null ? new byte[0] : outcome));
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
        }

        boolean isMeasured() {
            return state.equals("done") && session != null && outcome.hasMeasured();
        }
    }

    @BeforeEach
    void startServerAndProfiling() throws IOException {
        serve(0);
        port = CommandLineTest.servedPort(server);
        Path experiment = Files.writeString(folder.resolve("faults.yaml"), """
            name: faults
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x8"}
            targets: [{device: %s}]
            profile: {calibrate: 0, half-width: 0.5, rounds: 2, slice: 50 ms, time-limit: 500 ms}
            """.formatted(DEVICE));
        profile = keep(LutraProcess.start(folder, "profile", experiment.toString(), "--server", server("127.0.0.1"),
            "--token-file", "fleet/token"));
    }

    @AfterEach
    void stop() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private <C extends AutoCloseable> C keep(C opened) {
        open.add(opened);
        return opened;
    }

    private void serve(int onPort) {
        server = keep(LutraProcess.start(folder, "serve", "--listen", "0.0.0.0:" + onPort, "--http", "127.0.0.1:0",
            "--data", "fleet", "--tls"));
    }

    /** With the server's key, which stays what it is. */
    private String server(String host) throws IOException {
        return host + ":" + port + Files.readString(folder.resolve("fleet/address")).strip().replaceFirst("[^#]*", "");
    }

    private LutraProcess join(List<String> prefix, String host) throws IOException {
        return keep(LutraProcess.startBehind(prefix, folder, "agent", "--server", server(host),
            "--token-file", "fleet/token", "--device", DEVICE, "--lease", FEW));
    }

    @Test
    void aNetworkThatIsCutForAMinute() throws Exception {
        NetworkNamespace elsewhere = keep(NetworkNamespace.create());
        LutraProcess agent = join(elsewhere.prefix(), NetworkNamespace.HOST);
        awaitResultsOf(agent);
        elsewhere.cut();
        long before = count(agent, FaultsTest::isResult);
        Thread.sleep(CUT.toMillis());
        assertThat(count(agent, FaultsTest::isResult)).as("results of the time without a network").isGreaterThan(before);
        assertThat(count(agent, FaultsTest::isRefusal)).isZero();
        elsewhere.mend();

        assertEveryTaskHasOneResult();
        assertThat(agent.errors()).as("finds its way back by itself").anyMatch(line -> line.contains("the server is back"));
        assertThat(agent.errors()).as("results of leases that ran out, which nobody else has had").noneMatch(FaultsTest::isRefusal);
        assertThat(counted(agent)).isEqualTo(rows().size());
    }

    @Test
    void anAgentThatIsKilled() throws Exception {
        LutraProcess first = join(List.of(), "127.0.0.1");
        awaitResultsOf(first);
        String session = rows().stream().filter(Row::isMeasured).findFirst().orElseThrow().session();
        first.kill();
        LutraProcess second = join(List.of(), "127.0.0.1");

        assertEveryTaskHasOneResult();
        assertThat(rows()).filteredOn(row -> !row.session().equals(session)).hasSize((int) counted(second));
        assertThat(rows()).as("leased again, at most once").extracting(Row::epoch).containsOnly(1L, 2L);
    }

    @Test
    void aServerThatIsKilledAndStartedAgain() throws Exception {
        LutraProcess agent = join(List.of(), "127.0.0.1");
        awaitResultsOf(agent);
        server.kill();
        int before = agent.errors().size();
        assertThat(agent.awaitLine(line -> isResult(line) && agent.errors().lastIndexOf(line) >= before, PATIENCE))
            .as("results of the time without a server").isTrue();
        serve(port);

        assertEveryTaskHasOneResult();
        assertThat(agent.errors()).as("finds its way back by itself").anyMatch(line -> line.contains("the server is back"));
        assertThat(counted(agent)).isEqualTo(rows().size());
    }

    /** Until some tasks are done, and others leased. */
    private void awaitResultsOf(LutraProcess agent) throws InterruptedException {
        assertThat(agent.awaitLine(FaultsTest::isResult, PATIENCE)).as("%s", agent.errors()).isTrue();
        while (rows().stream().noneMatch(Row::isMeasured)) {
            Thread.sleep(50);
        }
        assertThat(rows()).anyMatch(row -> row.state().equals("leased"));
    }

    private void assertEveryTaskHasOneResult() throws IOException {
        LutraProcess.Result finished = profile.await(PATIENCE);
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        List<Row> rows = rows();
        assertThat(rows).allMatch(Row::isMeasured);
        Map<String, Distribution> counted = rows.stream().collect(
            Collectors.toMap(row -> row.task().getLabel(), row -> row.outcome().getMeasured().getLatency()));

        try (Stream<Path> tables = Files.list(folder.resolve("runs/faults/lut"))) {
            LookupTable table = LookupTable.load(tables.findFirst().orElseThrow());
            assertThat(counted.remove("call-overhead")).isEqualTo(table.content().getCallOverhead());
            assertThat(table.content().getEntriesList().stream().collect(Collectors.toMap(Entry::getLabel, Entry::getLatency)))
                .isEqualTo(counted);
        }
    }

    private static boolean isResult(String agentLine) {
        return agentLine.contains(": p50 ");
    }

    private static boolean isRefusal(String agentLine) {
        return agentLine.contains("another result is there already");
    }

    private static long count(LutraProcess agent, Predicate<String> lines) {
        return agent.errors().stream().filter(lines).count();
    }

    /** Of all that an agent has measured, what the server has not refused. */
    private static long counted(LutraProcess agent) {
        return count(agent, FaultsTest::isResult) - count(agent, FaultsTest::isRefusal);
    }

    private List<Row> rows() {
        try (Database database = Database.open(folder.resolve("fleet/lutra.db"))) {
            return database.transaction(handle -> handle.createQuery("SELECT state, epoch, session, task, outcome FROM tasks")
                .map((row, context) -> Row.of(row)).list());
        }
    }
}

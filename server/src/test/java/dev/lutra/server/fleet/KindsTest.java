package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Standing;
import dev.lutra.proto.Task;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which devices are held against each other, and by which figures: devices report through a queue what they are told to. */
class KindsTest {

    private static final Device BOARD = Device.newBuilder().setCpu("Cortex").setLogicalCores(4).setMemoryBytes(4L << 30).build();
    private static final Device OTHER_BOARD = BOARD.toBuilder().setLogicalCores(8).build();
    private static final int MODELS = 10;

    @TempDir
    Path folder;
    private Database database;
    private VirtualClock clock;
    private TaskQueue queue;
    private int tasks;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        clock = new VirtualClock();
        queue = new TaskQueue(database, clock, clock::nanoTime, Duration.ofSeconds(30), TaskQueue.RECHECK);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void measures(String name, Device kind, String version, IntToLongFunction nanos) {
        String session = queue.join(JoinRequest.newBuilder().setDevice(kind.toBuilder().setName(name)).build());
        queue.submit(name, IntStream.range(0, MODELS).mapToObj(model -> Task.newBuilder().setId("task" + tasks++).setModelSha256("model" + model)
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).setRandomSeed(tasks)).build()).toList());
        for (LeasedTask leased : queue.lease(session, MODELS)) {
            int model = Integer.parseInt(leased.getTask().getModelSha256().replace("model", ""));
            Outcome outcome = Outcome.newBuilder().setMeasured(Measured.newBuilder()
                .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion(version).setProvider("cpu"))
                .setLatency(Distribution.newBuilder().setP50Nanos(nanos.applyAsLong(model)).setBetweenRunsHalfWidth(0.02))).build();
            queue.report(session, LeaseName.newBuilder().setTaskId(leased.getTask().getId()).setEpoch(leased.getEpoch()).build(), outcome);
        }
    }

    private static long usual(int model) {
        return 1_000_000L * (1 + model);
    }

    @Test
    void theSlowOneOfAKindStandsApart() {
        measures("one", BOARD, "1", KindsTest::usual);
        measures("slow", BOARD, "1", model -> usual(model) * 3 / 2);
        measures("two", BOARD, "1", model -> usual(model) * 101 / 100);
        List<Standing> standings = queue.standings();
        assertThat(standings).extracting(Standing::getDevice).containsExactly("one", "slow", "two");
        assertThat(standings).extracting(Standing::getApart).containsExactly(0, MODELS, 0);
        assertThat(standings).allMatch(standing -> standing.getOthers() == 2 && standing.getCompared() == MODELS);
        assertThat(standings.get(1).getRatio()).isCloseTo(1.5 / 1.01, within(1e-6));
        assertThat(standings.get(1).getOther()).isEmpty();
    }

    @Test
    void anotherKindIsNotHeldAgainstIt() {
        measures("one", BOARD, "1", KindsTest::usual);
        measures("other", OTHER_BOARD, "1", model -> 2 * usual(model));
        assertThat(queue.standings()).isEmpty();
    }

    @Test
    void figuresOfAnotherRuntimeAreNot() {
        measures("one", BOARD, "1", KindsTest::usual);
        measures("updated", BOARD, "2", model -> 2 * usual(model));
        assertThat(queue.standings()).isEmpty();
    }

    @Test
    void theNewestFigureCounts() {
        measures("one", BOARD, "1", KindsTest::usual);
        measures("mended", BOARD, "1", model -> 2 * usual(model));
        assertThat(queue.standings()).extracting(Standing::getOther).containsExactly("one", "mended");
        measures("mended", BOARD, "1", KindsTest::usual);
        assertThat(queue.standings()).extracting(Standing::getApart).containsExactly(0, 0);
    }

    /** As everything about them: when they are removed, and some time after they were last heard of. */
    @Test
    void figuresAreForgottenWithTheirDevice() {
        measures("one", BOARD, "1", KindsTest::usual);
        measures("removed", BOARD, "1", KindsTest::usual);
        assertThat(queue.standings()).hasSize(2);
        queue.remove("removed");
        queue.join(JoinRequest.newBuilder().setDevice(BOARD.toBuilder().setName("removed")).build());
        assertThat(queue.standings()).isEmpty();
        measures("removed", BOARD, "1", KindsTest::usual);
        clock.advance(Duration.ofDays(10));
        new Retention(database, folder.resolve("models")).sweep(Duration.ofDays(9), clock.instant());
        assertThat(database.<Integer>read(handle -> handle.createQuery("SELECT count(*) FROM figures").mapTo(Integer.class).one())).isZero();
    }
}

package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** "Kill it whenever you like": no task is to blame for it, however often. */
@Tag("faults")
class KilledRunTest {

    private static final Duration PATIENCE = Duration.ofMinutes(8);
    /** More often than a task over which agents die is tried. */
    private static final int KILLS = 7;

    @TempDir
    private Path folder;
    private TaskTable tasks;

    @BeforeEach
    void open() {
        tasks = new TaskTable(folder.resolve("runs/killed/lutra.db"));
    }

    @Test
    void aRunThatIsKilledAgainAndAgainWhileItMeasuresCompletesItsTable() throws Exception {
        Path experiment = Files.writeString(folder.resolve("killed.yaml"), """
            name: killed
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x8"}
            targets: [{device: local}]
            profile: {calibrate: 0, half-width: 0.5, rounds: 2, slice: 20 ms, time-limit: 200 ms}
            """);
        for (int kill = 0; kill < KILLS; kill++) {
            try (LutraProcess run = LutraProcess.start(folder, "profile", experiment.toString())) {
                assertThat(run.awaitLine(line -> line.startsWith("profile local: starting"), PATIENCE)).as("%s", run.errors()).isTrue();
                awaitMeasuring();
                run.kill();
            }
        }
        LutraProcess.Result finished = LutraProcess.run(folder, "profile", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        assertThat(tasks.rows("SELECT state FROM tasks")).hasSizeGreaterThan(10).containsOnly("done");
        assertThat(tasks.rows("SELECT id FROM tasks WHERE attempts > 0")).as("leased alone, or nearly so").isEmpty();
        assertThat(tasks.rows("SELECT max(epoch) FROM tasks")).as("leased in every life all the same").singleElement()
            .satisfies(leases -> assertThat(Integer.parseInt(leases)).isGreaterThan(5));
    }

    private void awaitMeasuring() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (tasks.rows("SELECT id FROM tasks WHERE under_way = 1").isEmpty()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }
}

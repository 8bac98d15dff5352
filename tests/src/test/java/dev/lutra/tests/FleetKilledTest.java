package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on a device that joined a server, when both are killed. */
class FleetKilledTest {

    @TempDir
    private Path folder;
    private SmallJob job;

    @BeforeEach
    void open() {
        job = new SmallJob(folder);
    }

    @Test
    void aKilledServerAndAKilledAgentLoseNothing() throws Exception {
        String[] serve = {"serve", "--http", "127.0.0.1:0", "--data", "fleet", "--listen", "127.0.0.1:0"};
        LutraProcess server = LutraProcess.start(folder, serve);
        int port = CommandLineTest.servedPort(server);
        serve[serve.length - 1] = "127.0.0.1:" + port;
        String[] join = {"agent", "--server", "127.0.0.1:" + port, "--token-file", "fleet/token", "--device", "box"};
        LutraProcess agent = LutraProcess.start(folder, join);
        Path experiment = job.experiment("fleet", SmallJob.SYNTHETIC, "targets: [{device: box}]\n" + SmallJob.PROFILE);
        try (LutraProcess run = LutraProcess.start(folder, "run", experiment.toString(), "--server", "127.0.0.1:" + port,
            "--token-file", "fleet/token")) {
            assertThat(run.awaitLine(line -> line.startsWith("profile box: starting"), SmallJob.PATIENCE)).isTrue();
            TaskTable tasks = new TaskTable(folder.resolve("fleet/lutra.db"));
            List<String> done = tasks.done();
            for (long deadline = System.nanoTime() + SmallJob.PATIENCE.toNanos(); done.isEmpty(); done = tasks.done()) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(5);
            }
            server.kill();
            agent.kill();
            server = LutraProcess.start(folder, serve);
            agent = LutraProcess.start(folder, join);
            LutraProcess.Result finished = run.await(SmallJob.PATIENCE);
            assertThat(finished.code()).as("%s", finished.errors()).isZero();
            job.assertComplete("fleet");
            assertThat(tasks.done()).as("what was measured before is not measured again").containsAll(done);
        } finally {
            server.close();
            agent.close();
        }
    }
}

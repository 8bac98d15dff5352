package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.AgentState;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {

    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    Path folder;

    @Test
    void forgetsByItsRuleAlone() throws Exception {
        VirtualClock clock = new VirtualClock();
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            TaskQueue queue = new TaskQueue(database, clock, clock::nanoTime, Duration.ofSeconds(30), TaskQueue.RECHECK);
            ModelStore models = new ModelStore(folder.resolve("models"));
            String done = models.put(new byte[]{1});
            String waiting = models.put(new byte[]{2});
            String fresh = models.put(new byte[]{3});
            String session = join(queue, "old");
            queue.submit("old", IntStream.range(0, 600).mapToObj(i -> task("old" + i, done)).toList());
            for (List<LeasedTask> some = queue.lease(session, 64); !some.isEmpty(); some = queue.lease(session, 64)) {
                some.forEach(task -> report(queue, session, task));
            }
            join(queue, "busy");
            queue.submit("busy", List.of(task("waits", waiting)));
            clock.advance(DAY.multipliedBy(30));
            String here = join(queue, "here");
            queue.submit("here", List.of(task("new", waiting)));
            report(queue, here, queue.lease(here, 1).get(0));
            for (String model : List.of(done, waiting, fresh)) {
                Files.setLastModifiedTime(models.find(model).orElseThrow(),
                    FileTime.from(clock.instant().minus(model.equals(fresh) ? Duration.ofHours(1) : DAY.multipliedBy(29))));
            }

            Retention retention = new Retention(database, folder.resolve("models"));
            assertThat(retention.sweep(DAY.multipliedBy(31), clock.instant())).isEqualTo(new Retention.Swept(0, 0, 0, 0));
            Retention.Swept expected = new Retention.Swept(600, 1, 1, 1);
            assertThat(retention.wouldSweep(DAY.multipliedBy(7), clock.instant())).isEqualTo(expected);
            assertThat(retention.sweep(DAY.multipliedBy(7), clock.instant())).isEqualTo(expected);
            assertThat(retention.sweep(DAY.multipliedBy(7), clock.instant())).isEqualTo(new Retention.Swept(0, 0, 0, 0));

            assertThat(queue.agents()).extracting(AgentState::getDevice).extracting(Device::getName).containsExactly("busy", "here");
            assertThat(queue.outcomes(Set.of("new"))).hasSize(1);
            assertThat(models.find(done)).isEmpty();
            assertThat(models.find(waiting)).isPresent();
            assertThat(models.find(fresh)).as("may be named soon").isPresent();
            assertThat(queue.lease(join(queue, "busy"), 1)).hasSize(1);
        }
    }

    private static String join(TaskQueue queue, String device) {
        return queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build());
    }

    private static Task task(String id, String model) {
        return Task.newBuilder().setId(id).setModelSha256(model).build();
    }

    private static void report(TaskQueue queue, String session, LeasedTask task) {
        queue.report(session, LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build(),
            Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build());
    }
}

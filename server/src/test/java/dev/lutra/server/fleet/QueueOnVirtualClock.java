package dev.lutra.server.fleet;

import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeasedTask;
import dev.lutra.server.store.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A queue on a real database whose time stands until a test lets it go on. */
abstract class QueueOnVirtualClock {

    static final Duration LEASE = Duration.ofSeconds(30);

    @TempDir
    Path folder;
    final VirtualClock clock = new VirtualClock();
    Database database;
    TaskQueue queue;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, clock, clock::nanoTime, LEASE, TaskQueue.RECHECK);
    }

    @AfterEach
    void close() {
        database.close();
    }

    void restart() {
        close();
        open();
    }

    String join(String device) {
        return queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build());
    }

    static LeaseName lease(String id, long epoch) {
        return LeaseName.newBuilder().setTaskId(id).setEpoch(epoch).build();
    }

    static LeaseName name(LeasedTask task) {
        return lease(task.getTask().getId(), task.getEpoch());
    }

    static List<String> ids(List<LeasedTask> tasks) {
        return tasks.stream().map(task -> task.getTask().getId()).toList();
    }

    /** Bytes that this thread has had of the heap so far. */
    static long allocated() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
            .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}

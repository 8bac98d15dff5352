package dev.lutra.server.operation;

import com.sun.management.OperatingSystemMXBean;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.RunState;
import dev.lutra.server.fleet.TaskQueue;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The figures of a server, as they are when somebody asks.
 *
 * @param version of this program
 * @param runs that it has, at most so many as are listed
 */
public record Metrics(String version, TaskQueue queue, Supplier<List<RunState>> runs) {

    /** What the text is sent as. */
    public static final String TYPE = Exposition.TYPE;

    private static final List<String> STATES = List.of("waiting", "running", "paused", "done", "failed", "cancelled");

    /** All of them, in Prometheus' text format. */
    public String text() {
        Exposition text = new Exposition();
        text.gauge("lutra_build_info", "The version that runs, as a label.").sample(Map.of("version", version), 1);
        tellDevices(text, queue.agents());
        text.counter("lutra_tasks_finished_total", "Outcomes of tasks that devices have reported, since the server started.");
        queue.reported().forEach(count -> text.sample(Map.of("device", count.device(), "outcome", count.outcome()), count.tasks()));
        Map<String, Long> byState = runs.get().stream().collect(Collectors.groupingBy(RunState::getState, TreeMap::new, Collectors.counting()));
        text.gauge("lutra_runs", "Runs by their state.");
        STATES.forEach(state -> text.sample(Map.of("state", state), byState.getOrDefault(state, 0L)));
        tellProcess(text);
        return text.toString();
    }

    private static void tellDevices(Exposition text, List<AgentState> devices) {
        text.gauge("lutra_device_online", "Whether a device's agent is there.");
        devices.forEach(device -> text.sample(named(device), device.getOnline() ? 1 : 0));
        text.gauge("lutra_device_last_seen_seconds", "Time since a device was heard of.");
        devices.forEach(device -> text.sample(named(device), device.getLastSeenMillisAgo() / 1e3));
        text.gauge("lutra_device_tasks", "Tasks of a device that are not done.");
        devices.forEach(device -> {
            text.sample(Map.of("device", name(device), "state", "queued"), device.getQueuedTasks());
            text.sample(Map.of("device", name(device), "state", "leased"), device.getLeasedTasks());
        });
    }

    private static Map<String, String> named(AgentState device) {
        return Map.of("device", name(device));
    }

    private static String name(AgentState device) {
        return device.getDevice().getName();
    }

    /** Under the names that Prometheus' own libraries have for them. */
    private static void tellProcess(Exposition text) {
        text.counter("process_cpu_seconds_total", "Processor time of the server.");
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            text.sample(system.getProcessCpuTime() / (double) TimeUnit.SECONDS.toNanos(1));
        }
        text.gauge("process_start_time_seconds", "When the server started, Unix time.")
            .sample(ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
        text.gauge("jvm_memory_used_bytes", "Memory of the server's Java in use.")
            .sample(Map.of("area", "heap"), ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed())
            .sample(Map.of("area", "nonheap"), ManagementFactory.getMemoryMXBean().getNonHeapMemoryUsage().getUsed());
        text.gauge("jvm_threads_current", "Threads of the server.").sample(ManagementFactory.getThreadMXBean().getThreadCount());
    }
}

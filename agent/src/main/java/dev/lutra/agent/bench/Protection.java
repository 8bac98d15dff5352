package dev.lutra.agent.bench;

import dev.lutra.agent.task.TaskFailure;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How a process that runs strangers' models is kept from the rest of the device: its environment, memory and, where the system has
 * what that takes, everything that it can see.
 *
 * @param entering what to put before a command for it to run in a {@link Sandbox}; empty where there is none
 * @param description {@code protected}, or {@code unprotected: } and why
 */
record Protection(List<String> entering, String description) {

    private static final long LONGEST_TRIAL_SECONDS = 20;
    private static final int SHORTEST_LIMIT_KB = 1 << 20;

    /**
     * Limits before the program ($1 KB of data, as setrlimit(2) has it, and no core dumps), and signals that are the agent's to heed. A
     * system short of memory shall end this process rather than any other.
     */
    private static final String LIMITS = """
        trap '' INT TERM HUP
        ulimit -c 0
        ulimit -d "$1" 2>/dev/null
        [ -w /proc/self/oom_score_adj ] && echo 1000 >/proc/self/oom_score_adj
        shift
        exec "$@"
        """;

    static Protection none(String reason) {
        return new Protection(List.of(), "unprotected: " + reason);
    }

    /**
     * The best that this system has, tried out.
     *
     * @param visible files and folders that the processes need beside the system's
     */
    static Protection find(ScratchFolder scratch, List<Path> visible) {
        if (!System.getProperty("os.name").equals("Linux")) {
            return none("only Linux has user namespaces");
        }
        try {
            Protection found = new Protection(Sandbox.prepare(scratch, visible), "protected");
            Process trial = new ProcessBuilder(found.command(List.of("true"))).redirectErrorStream(true).start();
            trial.getOutputStream().close();
            String said = new String(trial.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!trial.waitFor(LONGEST_TRIAL_SECONDS, TimeUnit.SECONDS)) {
                trial.destroyForcibly();
                return none("a process in namespaces of its own does not end");
            }
            return trial.exitValue() == 0 ? found : none("no namespaces of its own here (" + TaskFailure.oneLine(said) + ")");
        } catch (IOException e) {
            return none("no namespaces of its own here (" + TaskFailure.oneLine(String.valueOf(e.getMessage())) + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return none("interrupted");
        }
    }

    boolean isOn() {
        return !entering.isEmpty();
    }

    /** What to run so that a command runs under it. */
    List<String> command(List<String> command) {
        List<String> whole = new ArrayList<>();
        if (!System.getProperty("os.name").startsWith("Windows")) {
            whole.addAll(List.of("sh", "-c", LIMITS, "sh", Long.toString(dataKilobytes())));
        }
        whole.addAll(entering);
        whole.addAll(command);
        return whole;
    }

    /** Three quarters of the memory, of the container where there is one. */
    private static long dataKilobytes() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return Math.max(SHORTEST_LIMIT_KB, system.getTotalMemorySize() / 1024 / 4 * 3);
    }
}

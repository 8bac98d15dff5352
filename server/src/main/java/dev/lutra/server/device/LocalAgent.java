package dev.lutra.server.device;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.connection.ServerAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The profiling agent of this machine, as a process of its own that ends with this one. */
final class LocalAgent implements AutoCloseable {

    /** Class path of the agent's distribution; the launcher sets it. */
    private static final String AGENT_JAR = "lutra.agent.jar";
    /** Java to run it with; the launcher sets it. */
    private static final String JAVA = "lutra.java";

    /** The launcher's for training: networks are measured as they will run, in pages of the usual size. */
    private static final Map.Entry<String, String> HUGE_PAGES = Map.entry("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

    /** What Java ends with when it is asked to, by a signal or by itself. */
    private static final Set<Integer> STOPPED = Set.of(0, 128 + 1, 128 + 2, 128 + 15);

    private final Process process;
    private final Runnable died;

    private LocalAgent(Process process, Runnable died) {
        this.process = process;
        this.died = died;
    }

    /**
     * Where the agent is installed.
     *
     * @throws InputException if it is not, beside this program
     */
    static String requireInstalled(String device) {
        String jar = System.getProperty(AGENT_JAR);
        if (jar == null || !Files.exists(Path.of(jar))) {
            throw new InputException("device " + device + ": no agent at " + jar
                + " (expected: the agent's jar, which ./lutra builds and names)");
        }
        return jar;
    }

    /**
     * Starts the agent; it joins by itself.
     *
     * @param server as this machine reaches it
     * @param token to join with
     * @param died told, when this is closed, if the agent had ended without having been asked to
     * @throws InputException if the agent is not installed beside this program
     */
    static LocalAgent start(String device, ServerAddress server, String token, Path log, Runnable died) {
        String jar = requireInstalled(device);
        InputFile.requireRegularOrNone(log); // a pipe would be waited for
        String java = System.getProperty(JAVA, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ProcessBuilder builder = new ProcessBuilder(List.of(java, "-XX:+UseSerialGC", "-jar", jar, "--server", server.toString(), "--device", device,
            "--exit-with-parent"));
        builder.environment().put("LUTRA_TOKEN", token);
        builder.environment().remove(HUGE_PAGES.getKey(), HUGE_PAGES.getValue());
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        try {
            return new LocalAgent(builder.start(), died);
        } catch (IOException e) {
            throw new UncheckedIOException("device " + device + ": its agent does not start: " + FileTrouble.reason(e), e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        if (!process.isAlive() && !STOPPED.contains(process.exitValue())) {
            died.run();
        }
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

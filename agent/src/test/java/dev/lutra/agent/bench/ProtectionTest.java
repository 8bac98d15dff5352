package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.OperatingSystemMXBean;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import sun.misc.Unsafe;

/** What a measuring process may do whose model has taken it over: real processes, as a bench starts them, that try. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProtectionTest {

    @TempDir
    private Path temporary;
    private ScratchFolder scratch;
    private Protection protection;

    @BeforeEach
    void open() {
        scratch = ScratchFolder.open(temporary);
        List<Path> needs = new ArrayList<>(WorkerProcess.needs(scratch));
        needs.add(WorkerProcess.origin(Hostile.class));
        protection = Protection.find(scratch, needs);
    }

    @AfterEach
    void close() {
        scratch.close();
    }

    private static void assumeNamespaces(Protection protection) {
        assumeTrue(protection.isOn(), "no namespaces, so models run as any program of this user: " + protection.description());
    }

    /** A program that tries one thing and says how it went: with status 0 where it was let. */
    static final class Hostile {

        public static void main(String[] args) throws Exception {
            switch (args[0]) {
                case "read" -> System.out.print(Files.readString(Path.of(args[1])));
                case "list" -> System.out.print(Files.list(Path.of(args[1])).toList());
                case "write" -> Files.writeString(Path.of(args[1]), "x");
                case "connect" -> new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])).close();
                case "environment" -> System.out.print(System.getenv());
                case "allocate" -> allocate(Long.parseLong(args[1]));
                case "fork" -> {
                    Process child = new ProcessBuilder("sleep", "600").start();
                    System.out.print(child.isAlive());
                    System.out.flush();
                    Thread.sleep(Long.parseLong(args[1]));
                }
                default -> throw new IllegalArgumentException(args[0]);
            }
        }

        /** By malloc, as runtimes do; not touched, so that the machine has it still. */
        private static void allocate(long bytes) throws ReflectiveOperationException {
            Field unsafe = Unsafe.class.getDeclaredField("theUnsafe");
            unsafe.setAccessible(true);
            ((Unsafe) unsafe.get(null)).allocateMemory(bytes);
            System.out.print("allocated");
        }
    }

    private record Ended(int status, String said) {}

    private Process start(Protection under, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m",
            "-cp", WorkerProcess.origin(Hostile.class).toString(), Hostile.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(under.command(command)).directory(scratch.work().toFile()).redirectErrorStream(true);
        builder.environment().put("LUTRA_TOKEN", "the secret");
        builder.environment().put("AWS_SECRET_ACCESS_KEY", "the secret");
        builder.environment().put("MALLOC_ARENA_MAX", "4");
        ChildEnvironment.keepIn(builder.environment(), false);
        return builder.start();
    }

    private Ended run(Protection under, String... arguments) throws Exception {
        Process process = start(under, arguments);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    @Test
    void filesOutsideItsFolderAreNotThere() throws Exception {
        assumeNamespaces(protection);
        Path secret = Files.writeString(temporary.resolve("secret"), "the secret");
        assertThat(run(Protection.none("to compare"), "read", secret.toString())).isEqualTo(new Ended(0, "the secret"));

        for (Path path : List.of(secret, Path.of("/etc/passwd"), scratch.folder().resolve("owner"))) {
            Ended read = run(protection, "read", path.toString());
            assertThat(read.status()).as("%s: %s", path, read.said()).isEqualTo(1);
            assertThat(read.said()).contains("NoSuchFileException").doesNotContain("the secret");
        }
        Path home = Path.of(System.getProperty("user.home")).toRealPath();
        Ended listed = run(protection, "list", home.toString());
        // Java itself, or the class path, may lie in it: of all the rest there is nothing.
        assertThat(listed.said()).doesNotContain(".bash").doesNotContain(".ssh").doesNotContain(".profile");
    }

    @Test
    void itWritesToItsFolderAlone() throws Exception {
        assumeNamespaces(protection);
        assertThat(run(protection, "write", scratch.work().resolve("x").toString())).isEqualTo(new Ended(0, ""));
        for (Path path : List.of(Path.of("/x"), scratch.runtime().resolve("x"), Path.of("/usr/x"), temporary.resolve("x"),
            WorkerProcess.origin(Hostile.class).resolve("x"))) {
            assertThat(run(protection, "write", path.toString()).status()).as("%s", path).isEqualTo(1);
            assertThat(path).doesNotExist();
        }
    }

    @Test
    void socketsLeadNowhere() throws Exception {
        assumeNamespaces(protection);
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(server.getLocalPort());
            assertThat(run(Protection.none("to compare"), "connect", port)).isEqualTo(new Ended(0, ""));
            Ended connected = run(protection, "connect", port);
            assertThat(connected.status()).isEqualTo(1);
            assertThat(connected.said()).containsAnyOf("Network is unreachable", "ConnectException");
        }
    }

    /** With namespaces or without. */
    @Test
    void secretsOfTheAgentAreNotInItsEnvironment() throws Exception {
        for (Protection under : List.of(protection, Protection.none("this test"))) {
            assertThat(run(under, "environment").said()).contains("MALLOC_ARENA_MAX=4").contains("PATH=").doesNotContain("secret");
        }
        Map<String, String> environment = new HashMap<>(Map.of("SSH_AUTH_SOCK", "x", "HOME", "x", "CUDA_VISIBLE_DEVICES", "0",
            "ORT_TOKEN", "x", "XDG_RUNTIME_DIR", "x"));
        ChildEnvironment.keepIn(environment, false);
        assertThat(environment).containsOnlyKeys("CUDA_VISIBLE_DEVICES");
        environment.put("MALLOC_TRIM_THRESHOLD_", "17179869184");
        ChildEnvironment.keepIn(environment, false);
        assertThat(environment).containsOnlyKeys("CUDA_VISIBLE_DEVICES", "MALLOC_TRIM_THRESHOLD_");
        ChildEnvironment.keepIn(environment, true);
        assertThat(environment).as("where memory is looked at").containsOnlyKeys("CUDA_VISIBLE_DEVICES");
    }

    /** With namespaces or without, on any system with a shell that limits what a process takes. */
    @Test
    void memoryIsLimited() throws Exception {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "only Linux limits what a process maps");
        for (Protection under : List.of(protection, Protection.none("this test"))) {
            assertThat(run(under, "allocate", Long.toString(memory() / 4))).isEqualTo(new Ended(0, "allocated"));
            for (long bytes : new long[]{memory() / 10 * 9, Math.max(50L << 30, 2 * memory())}) {
                Ended allocated = run(under, "allocate", Long.toString(bytes));
                assertThat(allocated.status()).isEqualTo(1);
                assertThat(allocated.said()).contains("OutOfMemoryError");
            }
        }
    }

    private static long memory() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
    }

    /** Whether it ends by itself or is killed, what it started does not outlive it. */
    @Test
    void whatItStartsEndsWithIt() throws Exception {
        assumeNamespaces(protection);
        for (String millis : List.of("0", "600000")) {
            Process process = start(protection, "fork", millis);
            assertThat(new String(process.getInputStream().readNBytes(4), StandardCharsets.UTF_8)).isEqualTo("true");
            List<ProcessHandle> started = process.descendants().toList();
            if (millis.equals("600000")) {
                assertThat(started).anyMatch(one -> one.info().commandLine().orElse("").contains("sleep"));
                process.destroyForcibly();
            }
            process.waitFor();
            for (ProcessHandle one : started) {
                one.onExit().get(20, TimeUnit.SECONDS);
            }
        }
    }

    /** Whatever a model makes of its process, the next one is measured. */
    @Test
    void theBenchGoesOnMeasuring() throws Exception {
        MeasureRules rules = MeasureRules.newBuilder().setMaxWarmupNanos(5_000_000).setMinSamples(5).setMaxMeasureNanos(50_000_000)
            .setTargetRelativeHalfWidth(1).build();
        Task task = ProcessBenchTest.task().setRules(rules).build();
        try (ProcessBench bench = new ProcessBench(List.of(), Duration.ofMinutes(1), temporary)) {
            assertThat(bench.protection()).isEqualTo(protection.description());
            assertThat(failure(bench, task.toBuilder().clearRules().setReturnOutputs(true).build(),
                TinyOnnx.expand(Math.max(50L << 30, 2 * memory()) / 12, 3))).isPresent();
            assertThat(bench.slice(task, TinyOnnx.relu(3), () -> false).getSamplesNanosCount()).isPositive();
            bench.unprotect("this test");
            assertThat(bench.protection()).isEqualTo("unprotected: this test");
            assertThat(bench.slice(task, TinyOnnx.relu(3), () -> false).getSamplesNanosCount()).isPositive();
            bench.protect();
            assertThat(bench.slice(task, TinyOnnx.relu(3), () -> false).getSamplesNanosCount()).isPositive();
        }
    }

    private static Optional<String> failure(ProcessBench bench, Task task, byte[] onnx) throws InterruptedException {
        try {
            bench.slice(task, onnx, () -> false);
            return Optional.empty();
        } catch (TaskFailure e) {
            return Optional.of(e.getMessage());
        }
    }
}

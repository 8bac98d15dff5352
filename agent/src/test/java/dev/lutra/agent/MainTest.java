package dev.lutra.agent;

import static dev.lutra.agent.link.ScriptedServer.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.link.ScriptedServer;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The agent as a process of its own. */
class MainTest {

    private static final int TERMINATED = 128 + 15;

    @TempDir
    private Path folder;
    private ScriptedServer server;
    private Process process;

    @BeforeEach
    void startServer() {
        server = new ScriptedServer();
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
        server.close();
    }

    private void launch(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + Files.createDirectories(temporary()),
            "-cp", System.getProperty("java.class.path"), "dev.lutra.agent.Main"));
        command.addAll(List.of(arguments));
        command.add("--state=" + folder.resolve("state"));
        ProcessBuilder builder = new ProcessBuilder(command)
            .redirectOutput(folder.resolve("out").toFile()).redirectError(folder.resolve("err").toFile());
        builder.environment().remove("LUTRA_TOKEN");
        process = builder.start();
    }

    private Path temporary() {
        return folder.resolve("tmp");
    }

    private void signal(String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor()).isZero();
    }

    private int exit() throws InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends; so far: %s", errors()).isTrue();
        return process.exitValue();
    }

    private List<String> errors() {
        try {
            return Files.readAllLines(folder.resolve("err"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String serverOption() {
        return "--server=" + server.address();
    }

    private static Task.Builder task(String id, long measureNanos) {
        return Task.newBuilder().setId(id).setLabel(id).setProvider("cpu").setThreads(1)
            .setRules(MeasureRules.newBuilder().setMaxWarmupNanos(1_000_000).setSliceNanos(measureNanos)
                .setMaxMeasureNanos(measureNanos).setTargetRelativeHalfWidth(1))
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(3).setRandomSeed(1));
    }

    /** What is wrong with the command line is said before anything is connected: in one line, exit 2. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--token=t                              | Missing required option: '--server=HOST:PORT[#KEY]'",
        "--server=localhost --token=t           | --server: localhost (expected: HOST:PORT, port 1 to 65535)",
        "--server=localhost:70000 --token=t     | --server: localhost:70000 (expected: HOST:PORT, port 1 to 65535)",
        "--server=http://localhost:1 --token=t  | --server: http://localhost:1 (expected: HOST:PORT, port 1 to 65535)",
        "--server=localhost:1 --device=none-of-this-name | --token: missing, and no key of before (expected: --token TOKEN, "
            + "--token-file FILE or the environment variable LUTRA_TOKEN, as 'lutra token create' prints it)",
        "--server=localhost:1#sha256:12 | --server: sha256:12 (expected: sha256: and 64 of 0-9 and a-f)",
        "--server=localhost:1 --token=          | --token: not a token (expected: printable ASCII without spaces, not empty)",
        "--server=localhost:1 --token-file=no/t | --token-file: no/t: cannot be read (expected: a text file that holds "
            + "the token)",
        "--server=localhost:1 --token-file=/dev/zero | --token-file: /dev/zero: cannot be read (expected: a text file that holds "
            + "the token)",
        "--server=localhost:1 --token-file=/ | --token-file: /: cannot be read (expected: a text file that holds the token)",
        "--server=localhost:1 --token=t --lease=0 | --lease: 0 (expected: 1 to 64)",
        "--server=localhost:1 --token=t --pin=x | --pin: x (expected: core numbers such as 2 or 0,2-3)",
        "--server=localhost:1 --token=t --pin=3-1 | --pin: 3-1 (expected: core numbers such as 2 or 0,2-3)",
        "--server=localhost:1 --token=t --join-timeout=-1 | --join-timeout: -1 (expected: 0 or more seconds)",
        "--server=localhost:1 --token=t --device= | --device: empty (expected: a name)",
        "--server=localhost:1 --token=t --client-cert=c | --client-cert: alone (expected: --client-cert and --client-key)",
        "--server=elsewhere:1 --token=t --client-cert=no/c --client-key=k | --client-cert: no/c: cannot be read (expected: a text file "
            + "that holds a certificate)",
        "--server=localhost:1 --token=t --frob  | Unknown option: '--frob'",
    })
    void aBadCommandLineIsOneLineAndExit2(String arguments, String line) {
        StringWriter errors = new StringWriter();
        int status = Main.commandLine().setErr(new PrintWriter(errors)).execute(arguments.split(" "));

        assertThat(errors.toString().strip()).isEqualTo(line);
        assertThat(status).isEqualTo(2);
    }

    @Test
    void aWrongTokenIsOneLineAndExit2() throws Exception {
        launch(serverOption(), "--token", "wrong");

        assertThat(exit()).isEqualTo(2);
        assertThat(errors()).containsExactly(
            server.address() + ": the server does not let this device in: wrong token");
    }

    @Test
    void aServerThatIsNotThereIsOneLineAndExit2() throws Exception {
        server.stop();
        launch(serverOption(), "--token", "t", "--join-timeout", "0");

        assertThat(exit()).isEqualTo(2);
        assertThat(errors()).singleElement().asString()
            .startsWith(server.address() + ": no server answers there (Connection refused");
        assertThat(folder.resolve("out")).isEmptyFile();
    }

    @Test
    void anUnknownHostIsOneLineAndExit2() throws Exception {
        launch("--server=nowhere.invalid:1", "--token", "t", "--join-timeout", "0");

        assertThat(exit()).isEqualTo(2);
        assertThat(errors()).containsExactly(
            "nowhere.invalid:1: no server answers there (Unable to resolve host nowhere.invalid)");
    }

    @Test
    void joinsMeasuresSurvivesARestartAndStopsOnSigterm() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), ScriptedServer.TOKEN + "\n");
        // A renewal may take a quarter of it; one that takes longer on a busy machine counts as a lost server.
        server.leaseMillis = 8000;
        server.enqueue(TinyOnnx.relu(3), task("first", 5_000_000));
        launch(serverOption(), "--token-file", token.toString(), "--device", "bench");
        eventually("first report", () -> server.reported().contains("first"));
        assertThat(server.joins.get(0).getDevice().getName()).isEqualTo("bench");
        assertThat(server.joins.get(0).getDevice().getLogicalCores()).isPositive();
        assertThat(server.joins.get(0).getDevice().getProtection()).matches("protected|unprotected: .+");
        assertThat(server.joins.get(0).getRuntimes(0).getProvidersList()).contains("cpu");

        server.stop();
        eventually("a line about the loss", () -> errors().stream().anyMatch(line -> line.contains("lost the server")));
        server.start();
        server.enqueue(TinyOnnx.relu(3), task("second", 5_000_000));
        eventually("second report", () -> server.reported().contains("second"));
        server.enqueue(TinyOnnx.relu(3), task("long", 60_000_000_000L));
        eventually("long task", () -> server.renewals.stream().anyMatch(renewal -> renewal.getLeasesList().stream()
            .anyMatch(lease -> lease.getTaskId().equals("long"))));
        process.destroy();

        assertThat(exit()).isEqualTo(TERMINATED);
        assertThat(server.reported()).containsExactly("first", "second");
        assertThat(errors()).filteredOn(line -> line.contains("lost the server")).hasSize(1)
            .as("it is known how to speak to it").noneMatch(line -> line.contains("expected"));
        assertThat(errors()).filteredOn(line -> line.contains("the server is back")).hasSize(1);
        assertThat(errors()).anyMatch(line -> line.contains("first: p50 "));
        assertThat(errors()).anyMatch(line -> line.matches(".*batch of 1: \\d+\\.\\d s, \\d+ % measuring, .*"));
        assertThat(folder.resolve("state/sentinel-reference.tsv")).content().startsWith("onnxruntime/1.");
        assertThat(errors()).anyMatch(line -> line.contains("task long: dropped, the agent stops"));
        assertThat(errors()).noneMatch(line -> line.contains("Exception"));
        assertThat(folder.resolve("out")).isEmptyFile();
        assertThat(temporary()).as("ended in the middle of a task").isEmptyDirectory();
    }

    /** Whenever it is, while it looks for what the device has, say; and what it could not clean up the next one does. */
    @Test
    void nothingIsLeftInTheTemporaryFolder() throws Exception {
        launch(serverOption(), "--token", ScriptedServer.TOKEN);
        eventually("a folder", () -> temporary().toFile().list().length > 0);
        signal("INT");
        assertThat(exit()).isEqualTo(128 + 2);
        assertThat(errors()).isEmpty();
        assertThat(temporary()).isEmptyDirectory();

        launch(serverOption(), "--token", ScriptedServer.TOKEN);
        eventually("join", () -> server.joins.size() == 1);
        process.destroyForcibly().waitFor();
        String[] left = temporary().toFile().list();
        launch(serverOption(), "--token", ScriptedServer.TOKEN);
        eventually("another join", () -> server.joins.size() == 2);
        assertThat(temporary().toFile().list()).hasSize(1).doesNotContain(left);
        signal("HUP");
        assertThat(exit()).isEqualTo(128 + 1);
        assertThat(temporary()).isEmptyDirectory();
    }

    @Test
    void stopsWithItsParentWhenToldTo() throws Exception {
        launch(serverOption(), "--token", ScriptedServer.TOKEN, "--exit-with-parent");
        eventually("join", () -> server.joins.size() == 1);
        assertThat(process.isAlive()).isTrue();

        process.getOutputStream().close();

        assertThat(exit()).isZero();
        assertThat(temporary()).isEmptyDirectory();
    }

    /** In its log, and in the line that it ends with. */
    @Test
    void whatTheServerSaysIsShownEscaped() throws Exception {
        server.onReport = request -> {
            throw Status.INVALID_ARGUMENT.withDescription("no\u001b[2J\nway").asRuntimeException();
        };
        server.enqueue(new byte[]{1}, task("one\u001b]0;title\u0007\n00:00:00 INFO  all is well", 1_000_000));
        launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x");
        eventually("two reports refused", () -> errors().stream().anyMatch(line -> line.contains("refuses every report")));
        process.destroyForcibly().waitFor();
        assertThat(errors()).allMatch(line -> line.matches("\\d\\d:\\d\\d:\\d\\d (INFO |WARN ) .*")).noneMatch(line -> line.contains("\u001b"))
            .noneMatch(line -> line.startsWith("00:00:00 INFO  all"))
            .anyMatch(line -> line.contains("one\\u{1b}]0;title\\u{7}\\u{a}00:00:00 INFO  all is well: failed: "))
            .anyMatch(line -> line.contains("the server refuses every report (no\\u{1b}[2J"));

        server.onJoin = () -> {
            throw Status.ALREADY_EXISTS.withDescription("device \u001b[31mx").asRuntimeException();
        };
        launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x");
        assertThat(refused()).startsWith(server.address() + ": device \\u{1b}[31mx; --device gives another name");
    }

    private String refused() throws Exception {
        assertThat(exit()).isEqualTo(2);
        return errors().get(errors().size() - 1);
    }

    @Test
    void aNameIsOneAgentsAtATime() throws Exception {
        launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x");
        eventually("join", () -> server.joins.size() == 1);
        Process first = process;
        try {
            launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x");
            assertThat(refused()).isEqualTo(server.address() + ": device x: another agent of this machine has joined under this name;"
                + " --device gives another name, --numbered the next that is free");
            launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x", "--numbered");
            eventually("another join", () -> server.joins.size() == 2);
            process.destroyForcibly().waitFor();
        } finally {
            first.destroyForcibly().waitFor();
        }
        assertThat(server.joins).extracting(join -> join.getDevice().getName()).containsExactly("x", "x-2");
        assertThat(server.joins).extracting(JoinRequest::getMachine).hasSize(2).doesNotContain("").matches(all -> all.get(0).equals(all.get(1)));
        assertThat(server.joins.get(0).getProcess()).isNotEmpty().isNotEqualTo(server.joins.get(1).getProcess());

        // what was killed leaves its name to the next; what the server knows of, one of another machine, keeps it
        server.onJoin = () -> {
            throw Status.ALREADY_EXISTS.withDescription("device x: the name belongs to another agent").asRuntimeException();
        };
        launch(serverOption(), "--token", ScriptedServer.TOKEN, "--device", "x");
        assertThat(refused()).isEqualTo(server.address() + ": device x: the name belongs to another agent;"
            + " --device gives another name, --numbered the next that is free");
    }

    @Test
    void namesItsVersion() throws Exception {
        launch("--version");

        assertThat(exit()).isZero();
        assertThat(Files.readString(folder.resolve("out"))).startsWith("lutra agent ");
    }
}

package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The line that a server prints, run by a user who has nothing yet; the server is a real one, over TLS. */
class AgentInstallTest {

    /** Nobody in particular; for tests that root runs, so that the script takes them for what they are to be. */
    private static final String USER = "47110";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path folder;
    private Path home;
    private LutraProcess server;
    private Process agent;

    @BeforeEach
    void serve() throws IOException, InterruptedException {
        assumeThat(Files.isExecutable(Path.of("/usr/bin/curl"))).as("/usr/bin/curl").isTrue();
        home = Files.createTempDirectory("lutra-home", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (isRoot()) {
            run(List.of("chown", USER + ":" + USER, home.toString()), Map.of());
        }
        server = LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--tls", "--json", "--log", "json");
        assertThat(server.awaitLine(line -> line.contains("a device joins by"), PATIENCE)).as("%s", server.errors()).isTrue();
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        if (agent != null) {
            agent.destroy();
            agent.waitFor();
        }
        server.close();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.delete(file);
            }
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private String serverFolder() {
        return folder.resolve("runs/fleet").toString();
    }

    /** The line for a device, and the token in it. */
    private JsonNode created(String device) throws IOException {
        LutraProcess.Result made = LutraCall.run("token", "create", "--device", device, "--server", serverFolder(), "--json");
        assertThat(made.code()).as("%s", made.errors()).isZero();
        return new JsonMapper().readTree(made.output());
    }

    private record Ended(int code, String said) {}

    /** As a login of that user would run it, with nothing of ours in the environment. */
    private Process start(String shell) throws IOException {
        List<String> command = new ArrayList<>();
        if (isRoot()) {
            command.addAll(List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"));
        }
        command.addAll(List.of("env", "-i", "HOME=" + home, "PATH=" + System.getenv("PATH"), "sh", "-c", shell));
        return new ProcessBuilder(command).directory(home.toFile()).redirectErrorStream(true).redirectOutput(folder.resolve("said").toFile()).start();
    }

    private Ended run(String shell) throws IOException, InterruptedException {
        Process process = start(shell);
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(shell).isTrue();
        return new Ended(process.exitValue(), Files.readString(folder.resolve("said")));
    }

    private static void run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().putAll(environment);
        assertThat(builder.start().waitFor()).as("%s", command).isZero();
    }

    @Test
    void aFreshUserInstallsJoinsAndMeasures() throws Exception {
        JsonNode made = created("edge");
        String line = made.path("install").asText();
        assertThat(line).startsWith("curl -fsSk --pinnedpubkey 'sha256//")
            .contains("/install.sh | LUTRA_TOKEN=" + made.path("token").asText() + " sh");
        Ended ended = run(line);
        assertThat(ended.code()).as(ended.said()).isZero();

        Path installed = home.resolve(".local/share/lutra-agent");
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.filter(Files::isRegularFile).filter(file -> !file.toString().endsWith(".jar")).toList()) {
                assertThat(Files.readString(file)).as("%s", file).doesNotContain(made.path("token").asText());
            }
        }
        assertThat(Files.size(installed.resolve("current/lib/onnxruntime-1.29.0.jar"))).as("of one platform").isLessThan(25L << 20);
        Path unit = home.resolve(".config/systemd/user/lutra-agent.service");
        assertThat(Files.readString(unit)).contains("ExecStart=\"" + installed.resolve("lutra-agent") + "\"", "WantedBy=default.target");
        verifyUnit(unit);

        agent = start("exec " + installed.resolve("lutra-agent")); // the join token is used up: its key is enough
        Path model = folder.resolve("net.onnx");
        assertThat(LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", "random", "--out", model.toString()).code()).isZero();
        LutraProcess.Result measured = LutraProcess.run(folder, "load", model.toString(), "--rate", "20", "--for", "300 ms", "--device", "edge",
            "--server",
            serverFolder(), "--json");
        assertThat(measured.code()).as("%s %s", measured.errors(), Files.readString(folder.resolve("said"))).isZero();
        assertThat(measured.output()).contains("\"loaded\":{\"runs\":6,");

        JsonNode logged = new JsonMapper().readTree(server.errors().stream().filter(said -> said.contains("\"task\":")).findFirst().orElseThrow());
        assertThat(logged.path("mdc").path("device").asText()).isEqualTo("edge");
        assertThat(logged.path("mdc").path("task").asText()).startsWith(logged.path("mdc").path("experiment").asText()).isNotEmpty();
        assertThat(logged.path("formattedMessage").asText()).isEqualTo("measured");

        Ended again = run("LUTRA_TOKEN= ; " + line.replaceFirst("LUTRA_TOKEN=\\S+", ""));
        assertThat(again.code()).as("brought up to date, without a token: " + again.said()).isZero();
        Ended removed = run(line.replaceFirst("LUTRA_TOKEN=\\S+", "") + " --remove");
        assertThat(removed.code()).as(removed.said()).isZero();
        assertThat(installed).doesNotExist();
        assertThat(unit).doesNotExist();
    }

    private static void verifyUnit(Path unit) throws IOException, InterruptedException {
        if (Files.isExecutable(Path.of("/usr/bin/systemd-analyze"))) {
            run(List.of("systemd-analyze", "verify", "--user", "--man=no", unit.toString()), Map.of("XDG_RUNTIME_DIR", unit.getParent().toString()));
        }
    }

    @Test
    void whoeverStandsInBetweenInstallsNothing() throws Exception {
        String line = created("edge").path("install").asText();
        Ended ended = run(line.replaceFirst("sha256//.", "sha256//" + (line.contains("sha256//A") ? "B" : "A")));
        assertThat(ended.said()).contains("SSL: public key does not match pinned public key");
        try (Stream<Path> files = Files.list(home)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aUsedTokenLetsNobodyElseIn() throws Exception {
        String line = created("edge").path("install").asText();
        assertThat(run(line).code()).isZero();
        Ended other = run(line.replace("--device 'edge'", "--device 'other' --dir " + home.resolve("other")));
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.said()).contains("the server does not let this device in").contains("other has not joined");
    }
}

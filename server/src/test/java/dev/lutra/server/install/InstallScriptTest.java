package dev.lutra.server.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script in a shell, against a server that tells lies; and the files that a server gives. */
class InstallScriptTest {

    private static final String AGENTS = "127.0.0.1:7411#sha256:" + "0f".repeat(32);

    @TempDir
    private Path folder;
    private HttpServer server;
    private final Map<String, String> answers = new ConcurrentHashMap<>();

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = answers.getOrDefault(exchange.getRequestURI().getPath(), "").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(body.length == 0 ? 404 : 200, body.length == 0 ? -1 : body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private String pages() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private String install(String... arguments) throws IOException, InterruptedException {
        Path script = Files.writeString(folder.resolve("install.sh"), InstallScript.text("127.0.0.1:7411", pages()));
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(Stream.of("sh", script.toString(), "--dir", folder.resolve("agent").toString()),
            Stream.of(arguments)).toList());
        builder.environment().put("HOME", folder.resolve("home").toString());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + " " + said;
    }

    private static String platform() {
        return System.getProperty("os.arch").equals("aarch64") ? "linux-aarch64" : "linux-x64";
    }

    @Test
    void aFileThatIsNotWhatIsListedIsRefused() throws Exception {
        String hash = Sha256.of("what it should be");
        answers.put("/install/" + platform(), hash + "  lib/some.jar\n");
        answers.put("/install/files/" + hash, "what it is not");
        assertThat(install()).startsWith("1 ").contains("lutra: lib/some.jar: not what " + pages() + " lists (expected: SHA-256 " + hash + ")");
        assertThat(folder.resolve("agent/current")).doesNotExist();
        assertThat(folder.resolve("agent/lutra-agent")).doesNotExist();
    }

    @Test
    void aNameThatLeadsElsewhereIsRefused() throws Exception {
        String hash = Sha256.of("anything");
        answers.put("/install/files/" + hash, "anything");
        for (String name : List.of("../../evil.jar", "lib/../../evil.jar", "/tmp/evil.jar", "lib/sub/evil.jar", "evil.sh")) {
            answers.put("/install/" + platform(), hash + "  " + name + "\n");
            assertThat(install()).startsWith("1 ").contains("lutra: " + name + ": no name of a file of the agent");
        }
        assertThat(folder.resolve("evil.jar")).doesNotExist();
    }

    @Test
    void wrongOptionsAreToldInALine() throws Exception {
        assertThat(install("--devise", "x")).isEqualTo("2 lutra: --devise (expected: --device NAME, --dir DIR, --no-service or --remove)\n");
        assertThat(install("--device")).isEqualTo("2 lutra: --device: alone (expected: --device and a value)\n");
        assertThat(install("--remove")).startsWith("2 ").contains("/agent: no agent is installed there");
    }

    /** curl's pin is the fingerprint in its own words; what follows from the owner's settings stays text in a shell. */
    @Test
    void theLineHoldsThePinAndQuotesNames() {
        assertThat(InstallScript.line(AGENTS, "https://box:7412", "t0ken", "gerät")).isEqualTo(
            "curl -fsSk --pinnedpubkey 'sha256//Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=' https://box:7412/install.sh | LUTRA_TOKEN=t0ken"
                + " sh -s -- --device 'gerät'");
        assertThat(InstallScript.line("127.0.0.1:7411", "http://127.0.0.1:7412", "t0ken", "")).isEqualTo(
            "curl -fsS http://127.0.0.1:7412/install.sh | LUTRA_TOKEN=t0ken sh");
        assertThat(InstallScript.text(AGENTS, "https://o'neill:7412")).contains("\npages='https://o'\\''neill:7412'\n");
    }

    @Test
    void aPlatformGetsItsOwnRuntimeAlone() throws IOException {
        Path lib = Files.createDirectories(folder.resolve("lib"));
        jar(lib.resolve("onnxruntime-9.jar"), "", "ai/onnxruntime/OrtSession.class", "ai/onnxruntime/native/linux-x64/libonnxruntime.so",
            "ai/onnxruntime/native/linux-aarch64/libonnxruntime.so", "ai/onnxruntime/native/osx-aarch64/lib.dSYM/x");
        jar(lib.resolve("other.jar"), "", "some.class");
        Path agent = jar(folder.resolve("lutra-agent-9.jar"), "lib/other.jar lib/onnxruntime-9.jar", "some.class");
        AgentFiles files = new AgentFiles(agent, folder.resolve("made"));
        assertThat(files.platforms()).containsExactly("linux-aarch64", "linux-x64", "osx-aarch64");
        assertThat(files.of("linux-riscv64")).isEmpty();
        List<AgentFiles.AgentFile> arm = files.of("linux-aarch64");
        assertThat(arm).extracting(AgentFiles.AgentFile::name).containsExactly("lutra-agent-9.jar", "lib/other.jar", "lib/onnxruntime-9.jar");
        assertThat(arm).allSatisfy(file -> assertThat(Sha256.ofFile(file.content())).isEqualTo(file.sha256()));
        try (JarFile runtime = new JarFile(arm.get(2).content().toFile())) {
            assertThat(runtime.stream().map(ZipEntry::getName)).containsExactlyInAnyOrder("META-INF/MANIFEST.MF", "ai/onnxruntime/OrtSession.class",
                "ai/onnxruntime/native/linux-aarch64/libonnxruntime.so");
        }
        assertThat(files.withHash(arm.get(2).sha256())).contains(arm.get(2));
        assertThat(files.withHash(Sha256.of("none"))).isEmpty();
        assertThat(new AgentFiles(agent, folder.resolve("again")).of("linux-aarch64")).as("the same bytes")
            .extracting(AgentFiles.AgentFile::sha256).isEqualTo(arm.stream().map(AgentFiles.AgentFile::sha256).toList());
    }

    private static Path jar(Path file, String classPath, String... entries) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            for (String entry : entries) {
                out.putNextEntry(new ZipEntry(entry));
                out.write(entry.getBytes(StandardCharsets.UTF_8));
                out.closeEntry();
            }
        }
        return file;
    }
}

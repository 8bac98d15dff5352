package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.lutra.latency.LookupTable;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.CreateTokenReply;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Role;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.rpc.RemoteFleet;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real page in a real browser, against a real server. The time limit only ends a test that would hang. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class BrowserAgentTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String DEVICE = "phone";
    /** How far networks of float16 may be apart when they are verified, and those whose values lie on grids. */
    private static final float IN_HALF = 0.02f;
    private static final float ON_GRIDS = 0.1f;

    @TempDir
    private Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();
    private Chromium browser;
    private LutraProcess server;
    private String grpc;
    private String link;
    private RemoteFleet fleet;

    @BeforeEach
    void start() throws Exception {
        browser = keep(Chromium.start(folder));
        assumeTrue(npmExists(), "no npm: the page /agent was built without its runtime");
        server = keep(LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--data", "fleet"));
        grpc = "127.0.0.1:" + CommandLineTest.servedPort(server);
        fleet = keep(RemoteFleet.connect(ServerAddress.parse(grpc), Files.readString(folder.resolve("fleet/token")).strip()));
        link = joinLink();
    }

    private <C extends AutoCloseable> C keep(C opened) {
        open.add(opened);
        return opened;
    }

    @AfterEach
    void stop() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private static boolean npmExists() {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(place -> Files.isExecutable(Path.of(place, "npm")));
    }

    private String joinLink() {
        CreateTokenReply made = fleet.access(stub -> stub.createToken(CreateTokenRequest.newBuilder().setRole(Role.JOINING).build()));
        return made.getPages() + "/agent#token=" + made.getToken();
    }

    private void join() {
        browser.open(link);
        browser.await("device", text -> text.contains("onnxruntime-web"), SOON);
        browser.run("document.getElementById('name').value = arguments[0]; document.getElementById('start').click()", DEVICE);
        browser.await("state", text -> text.equals("Waiting for work"), SOON);
        assertThat((String) browser.run("return location.href")).as("what the address bar shows").doesNotContain("token");
    }

    private Path experiment(String provider, String profile) throws IOException {
        Files.writeString(folder.resolve("tiny.yaml"), """
            name: tiny
            title: Convolutions with a choice of kernel
            source: This test
            input: {channels: 3, size: 12}
            classes: 4
            choices:
              k1: {block: conv, kernel: 1}
              k3: {block: conv, kernel: 3}
            layers:
              - {choices: [k1, k3], channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        return Files.writeString(folder.resolve(provider + ".yaml"), """
            name: %s
            space: tiny.yaml
            data: {train: "synthetic:4x8"}
            targets: [{device: %s, provider: %s}]
            profile: {calibrate: 0, half-width: 0.5, %s}
            """.formatted(provider, DEVICE, provider, profile));
    }

    private LutraProcess profile(Path experiment) {
        return keep(LutraProcess.start(folder, "profile", experiment.toString(), "--server", grpc,
            "--token-file", "fleet/token"));
    }

    private LookupTable table(String provider) throws IOException {
        try (Stream<Path> tables = Files.list(folder.resolve("runs").resolve(provider).resolve("lut"))) {
            return LookupTable.load(tables.filter(file -> file.toString().endsWith(".json")).findFirst().orElseThrow());
        }
    }

    private void assertIsMeasured(LookupTable table, String provider, String timing) throws DataFormatException {
        assertThat(table.content().getRuntime().getName()).isEqualTo("onnxruntime-web");
        assertThat(table.content().getRuntime().getProvider()).isEqualTo(provider);
        assertThat(table.content().getDevice().getName()).isEqualTo(DEVICE);
        assertThat(table.content().getDevice().getGpusList()).singleElement().asString().contains("swiftshader");
        assertThat(table.content().getEntriesList()).hasSize(3);
        for (Entry entry : table.content().getEntriesList()) {
            assertAgrees(entry.getLatency());
            Circumstances circumstances = entry.getCircumstances();
            assertThat(circumstances.getTiming()).startsWith(timing);
            assertThat(circumstances.getRounds()).isPositive();
            assertThat(circumstances.getSentinelReferenceNanos()).isPositive();
            assertThat(circumstances.getSamplingNanos()).isPositive();
            assertThat(circumstances.getAgentVersion()).contains("Chrom");
        }
    }

    /** The histogram holds what the quantiles say, to its three digits. */
    private static void assertAgrees(Distribution latency) throws DataFormatException {
        Histogram histogram = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(latency.getHistogram().toByteArray()), 1);
        assertThat(histogram.getTotalCount()).isEqualTo(latency.getSamples());
        assertThat(latency.getP50Nanos()).isPositive();
        assertThat((double) histogram.getValueAtPercentile(50))
            .isCloseTo(latency.getP50Nanos(), within(latency.getP50Nanos() / 500.0));
        assertThat((double) histogram.getMaxValue()).isCloseTo(latency.getMaxNanos(), within(latency.getMaxNanos() / 500.0));
        assertThat(histogram.getMean()).isCloseTo(latency.getMeanNanos(), within(latency.getMeanNanos() / 500));
    }

    @Test
    void fromJoinToTableOnTheGpu() throws Exception {
        join();
        LutraProcess.Result finished = profile(experiment("webgpu", "rounds: 2, slice: 50 ms, time-limit: 1 s")).await(PATIENCE);
        assertThat(finished.code()).as("%s, page: %s", finished.errors(), browser.pageText()).isZero();
        assertIsMeasured(table("webgpu"), "webgpu", "gpu: timestamp queries");
        browser.await("done", text -> text.equals("4"), SOON);
        assertThat(browser.text("rows")).contains("call-overhead");
    }

    /** Reloaded in the middle, then put behind another tab, then with the server killed: every task counts once. */
    @Test
    void survivesReloadTabSwitchingAndAKilledServer() throws Exception {
        join();
        LutraProcess profile = profile(experiment("wasm", "rounds: 4"));
        browser.await("state", text -> text.equals("Measuring"), SOON);
        browser.reload();
        browser.await("state", text -> text.equals("Measuring"), SOON);
        assertThat(browser.run("return document.getElementById('name').value")).isEqualTo(DEVICE);
        hideUntilSomethingIsDiscarded();
        server.kill();
        String http = "127.0.0.1:" + URI.create(link).getPort();
        keep(LutraProcess.start(folder, "serve", "--listen", grpc, "--http", http, "--data", "fleet"));
        LutraProcess.Result finished = profile.await(PATIENCE);
        assertThat(finished.code()).as("%s, page: %s", finished.errors(), browser.pageText()).isZero();
        assertIsMeasured(table("wasm"), "wasm", "wall: performance.now");
        assertThat(browser.text("rows")).doesNotContain("moved on");
    }

    /** Whatever a slice is under way when the page is hidden must go; now and then there is none. */
    private void hideUntilSomethingIsDiscarded() {
        for (int tries = 0; browser.text("discarded").equals("0"); tries++) {
            assertThat(tries).as(browser.pageText()).isLessThan(20);
            browser.behindAnotherTab(() -> {
                Chromium.pause();
                assertThat(fleet.agents()).singleElement().matches(state -> state.getOnline());
            });
            for (int i = 0; i < 30 && browser.text("discarded").equals("0"); i++) {
                Chromium.pause();
            }
        }
    }

    private Task.Builder task(String id, byte[] model) {
        return Task.newBuilder().setId(id).setLabel(id).setModelSha256(fleet.putModel(model)).setThreads(1)
            .addInputs(ModelInput.newBuilder().setName("input").addAllShape(List.of(1L, 32L, 28L, 28L)).setRandomSeed(7));
    }

    private Map<String, Outcome> outcomes(List<Task> tasks) {
        fleet.submit(DEVICE, tasks);
        List<String> ids = tasks.stream().map(Task::getId).toList();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Collection<TaskOutcome> done = List.of();
        while (done.size() < ids.size()) {
            assertThat(System.nanoTime()).as(browser.pageText()).isLessThan(deadline);
            done = fleet.outcomes(ids, done.size(), Duration.ofSeconds(2));
        }
        return done.stream().collect(Collectors.toMap(TaskOutcome::getTaskId, TaskOutcome::getOutcome));
    }

    @Test
    void aReportThatAReloadCutOffIsDeliveredOnce() throws Exception {
        join();
        browser.run("document.getElementById('start').click()");
        browser.await("state", text -> text.equals("Stopped"), SOON);
        fleet.submit(DEVICE, List.of(task("cut off", sentinel()).setProvider("wasm").setReturnOutputs(true).build()));
        assertThat(browser.evaluate("""
            Promise.all([import('/pages/protocol.js'), import('/pages/passport.js')]).then(async ([{ Server }, { Passport }]) => {
              const server = new Server(new Passport('%1$s', null));
              const { session } = await server.join({ device: { name: '%1$s' }, machine: localStorage.getItem('lutra.machine') });
              const { tasks: [leased] } = await server.lease({ session, maxTasks: 1 });
              sessionStorage.setItem('lutra.unanswered', JSON.stringify({ session,
                lease: { taskId: leased.task.id, epoch: leased.epoch }, outcome: { failed: { reason: 'from before' } } }));
              sessionStorage.setItem('lutra.running', 'yes');
              return leased.task.id;
            })""".formatted(DEVICE))).isEqualTo("cut off");
        browser.reload();
        browser.await("state", text -> text.equals("Waiting for work"), SOON);
        assertThat(fleet.outcomes(List.of("cut off"), 0, SOON)).singleElement().satisfies(done -> {
            assertThat(done.getOutcome().getFailed().getReason()).isEqualTo("from before");
            assertThat(done.getAttempts()).isEqualTo(1);
        });
        assertThat(browser.run("return sessionStorage.getItem('lutra.unanswered')")).isNull();
    }

    /** A model with inputs of its own, from the page itself. */
    private byte[] sentinel() throws Exception {
        URI address = URI.create(link.replaceFirst("/agent.*", "/pages/sentinel.onnx"));
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofByteArray()).body();
    }

    @Test
    void runsModelsToTheNumbersOfOtherRuntimesAndSaysWhatItCannot() throws Exception {
        byte[] model = sentinel();
        join();
        MeasureRules rules = MeasureRules.newBuilder()
            .setMaxWarmupNanos(1).setMaxMeasureNanos(1).setTargetRelativeHalfWidth(1).build();
        Map<String, Outcome> outcomes = outcomes(List.of(
            task("outputs on the GPU", model).setProvider("webgpu").setReturnOutputs(true).build(),
            task("outputs on the CPU", model).setProvider("wasm").setReturnOutputs(true).build(),
            task("two threads", model).setProvider("wasm").setThreads(2).setRules(rules).build(),
            task("cuda", model).setProvider("cuda").build(),
            task("no model", ModelProto.newBuilder().setIrVersion(8).setGraph(GraphProto.newBuilder()
                .addNode(NodeProto.newBuilder().setOpType("NoSuchOperator"))).build().toByteArray()).setProvider("wasm").setRules(rules).build(),
            task("options", model).setProvider("wasm").putProviderOptions("arena", "1").build()));

        float[] expected = reference(model);
        for (String id : List.of("outputs on the GPU", "outputs on the CPU")) {
            ByteString bytes = outcomes.get(id).getMeasured().getOutputs(0).getLittleEndianFloats();
            FloatBuffer floats = bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
            assertThat(floats.remaining()).isEqualTo(expected.length);
            for (int i = 0; i < expected.length; i++) {
                assertThat(floats.get(i)).as(id).isCloseTo(expected[i], within(1e-3f));
            }
            assertThat(outcomes.get(id).getMeasured().hasLatency()).isFalse();
        }
        assertAgrees(outcomes.get("two threads").getMeasured().getLatency());
        assertThat(outcomes.get("two threads").getMeasured().getRuntime().getThreads()).isEqualTo(2);
        assertThat(outcomes.get("cuda").getFailed().getReason()).isEqualTo("provider cuda: not offered (expected: webgpu, wasm)");
        assertThat(outcomes.get("no model").getFailed().getReason()).startsWith("the model cannot be opened");
        assertThat(outcomes.get("options").getFailed().getReason())
            .isEqualTo("provider_options: arena (expected: none for wasm)");
    }

    /** The page converts inputs to what a float16 model wants and its outputs back; the runtime says so of a GPU without float16. */
    @Test
    void halfPrecisionIsConvertedOrRefused() throws Exception {
        join();
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Network network = space.build(space.random(new Random(3)));
        long[] shape = network.inputs().get(0).shape().withBatch(1);
        byte[] half = exported(network, Precision.FLOAT16);
        Map<String, Outcome> outcomes = outcomes(Stream.of("wasm", "webgpu").map(provider -> Task.newBuilder().setId(provider)
            .setLabel(provider).setModelSha256(fleet.putModel(half)).setThreads(1).setProvider(provider).setReturnOutputs(true)
            .addInputs(ModelInput.newBuilder().setName("input").addAllShape(Arrays.stream(shape).boxed().toList()).setRandomSeed(7))
            .build()).toList());

        float[] expected = reference(exported(network, Precision.FLOAT32), shape);
        assertIsNear(outcomes.get("wasm").getMeasured().getOutputs(0), expected, IN_HALF);
        if (outcomes.get("webgpu").hasFailed()) {
            assertThat(outcomes.get("webgpu").getFailed().getReason())
                .startsWith("the model cannot be opened").endsWith("requires f16 but the device does not support it.");
        } else {
            assertIsNear(outcomes.get("webgpu").getMeasured().getOutputs(0), expected, IN_HALF);
        }
    }

    /** WebAssembly has the operators; where a GPU's kernels lack one the runtime says so, and no CPU stands in. */
    @Test
    void integersAreMultipliedOrRefused() throws Exception {
        join();
        SearchSpace space = SpaceFile.load("resnet-bits-cifar");
        Network network = space.build(space.parse("basic@8,basic@4.8,basic@2.8,basic@8,basic@8,basic@8"));
        long[] shape = network.inputs().get(0).shape().withBatch(1);
        byte[] integers = exported(network, Precision.FLOAT32);
        Map<String, Outcome> outcomes = outcomes(Stream.of("wasm", "webgpu").map(provider -> Task.newBuilder().setId(provider)
            .setLabel(provider).setModelSha256(fleet.putModel(integers)).setThreads(1).setProvider(provider).setReturnOutputs(true)
            .addInputs(ModelInput.newBuilder().setName("input").addAllShape(Arrays.stream(shape).boxed().toList()).setRandomSeed(7))
            .build()).toList());

        float[] expected = reference(integers, shape);
        assertIsNear(outcomes.get("wasm").getMeasured().getOutputs(0), expected, ON_GRIDS);
        if (outcomes.get("webgpu").hasFailed()) {
            assertThat(outcomes.get("webgpu").getFailed().getReason()).startsWith("the model "); // cannot be opened, or does not run
        } else {
            assertIsNear(outcomes.get("webgpu").getMeasured().getOutputs(0), expected, ON_GRIDS);
        }
    }

    private static byte[] exported(Network network, Precision precision) {
        return OnnxExporter.export(network, new RandomWeights(5), new OnnxOptions(true, OptionalInt.of(1), precision, Map.of()))
            .toByteArray();
    }

    /** Within a share of the range. */
    private static void assertIsNear(ModelOutput output, float[] expected, float share) {
        FloatBuffer floats = output.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        assertThat(floats.remaining()).isEqualTo(expected.length);
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (float value : expected) {
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(floats.get(i)).isCloseTo(expected[i], within(share * (most - least)));
        }
    }

    private static float[] reference(byte[] model) throws Exception {
        return reference(model, new long[]{1, 32, 28, 28});
    }

    private static float[] reference(byte[] model, long[] shape) throws Exception {
        Random random = new Random(7);
        FloatBuffer input = FloatBuffer.allocate((int) Arrays.stream(shape).reduce(1, Math::multiplyExact));
        while (input.hasRemaining()) {
            input.put((float) random.nextGaussian());
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(model);
            OnnxTensor tensor = OnnxTensor.createTensor(environment, input.rewind(), shape);
            OrtSession.Result result = session.run(Map.of("input", tensor))) {
            FloatBuffer output = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[output.remaining()];
            output.get(values);
            return values;
        }
    }

    @Test
    void itsNumbersAreJavas() throws Exception {
        browser.open(link);
        Random random = new Random(-5);
        List<?> gaussians = (List<?>) browser.evaluate("import('/pages/java-random.js').then(({ JavaRandom }) => {"
            + " const random = new JavaRandom('-5'); return Array.from({ length: 1000 }, () => random.nextGaussian()); })");
        assertThat(gaussians).hasSize(1000)
            .allSatisfy(value -> assertThat(((Number) value).doubleValue()).isCloseTo(random.nextGaussian(), within(1e-15)));

        Random values = new Random(1);
        long[] nanos = values.longs(5000, 1, 1L << values.nextInt(10, 44)).sorted().toArray();
        String encoded = (String) browser.evaluate("import('/pages/encoding.js').then("
            + "async ({ encodeHistogram, bytesToBase64 }) => bytesToBase64(await encodeHistogram(" + Arrays.toString(nanos) + ")))");
        Histogram expected = new Histogram(3);
        for (long value : nanos) {
            expected.recordValue(value);
        }
        Histogram decoded = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(Base64.getDecoder().decode(encoded)), 1);
        assertThat(decoded).isEqualTo(expected);
    }

    @Test
    void saysWhatStandsInTheWay() throws Exception {
        browser.open(link.replaceFirst("#.*", ""));
        browser.await("notice", text -> text.startsWith("No token."), SOON);

        browser.open("about:blank"); // or only the fragment would change
        browser.open(link.replaceFirst("token=.*", "token=a-token-that-is-wrong"));
        browser.await("device", text -> text.contains("onnxruntime-web"), SOON);
        browser.run("document.getElementById('start').click()");
        browser.await("notice", text -> text.contains("does not let this device in (wrong token)"), SOON);
        assertThat(browser.text("state")).isEqualTo("Stopped");
        assertThat(fleet.agents()).isEmpty();

        try (BareServer bare = new BareServer(folder)) {
            browser.open(bare.link);
            browser.await("notice", text -> text.startsWith("This build of Lutra has no runtime for browsers."), SOON);
            assertThat(browser.run("return document.getElementById('start').disabled")).isEqualTo(true);
        }
    }

    /** A server as a build without npm makes it. */
    private static final class BareServer implements AutoCloseable {

        private final Process process;
        private final String link;

        private BareServer(Path folder) throws IOException {
            Path target = LutraProcess.CHECKOUT.resolve("server/target");
            Path jar = Files.copy(target.resolve("lutra-server-0.1.0.jar"), folder.resolve("bare.jar"));
            try (FileSystem content = FileSystems.newFileSystem(jar)) {
                Files.delete(content.getPath("dev/lutra/server/web/pages/ort/runtime.json"));
            }
            process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin/java").toString(), "-XX:TieredStopAtLevel=1", "-cp",
                jar + ":" + target.resolve("lib") + "/*", "dev.lutra.server.cli.Main", "serve", "--listen", "127.0.0.1:0",
                "--data", folder.resolve("bare").toString()).start();
            link = process.errorReader().lines().filter(line -> line.startsWith("pages on ")).findFirst()
                .map(line -> line.replace("pages on ", "") + "/agent#token=whatever").orElseThrow();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}

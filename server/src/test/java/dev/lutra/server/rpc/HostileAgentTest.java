package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Energy;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.EnrolledDevice;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import io.grpc.ManagedChannel;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** An agent that speaks the protocol well and says what cannot be. */
class HostileAgentTest {

    private static final String TOKEN = "the-token-of-this-test";
    private static final RuntimeOffer OFFER = RuntimeOffer.newBuilder().setName("onnxruntime").setVersion("1.29.0").addProviders("cpu").build();
    private static final MeasureRules RULES = MeasureRules.newBuilder().setMinSamples(3).setMinRounds(2).setTargetRelativeHalfWidth(0.02)
        .build();
    private static final Runtime RUNTIME = Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu").setThreads(1)
        .build();

    @TempDir
    Path folder;
    private Database database;
    private TaskQueue queue;
    private LutraServer server;
    private ManagedChannel channel;
    private AgentServiceBlockingStub agent;
    private String session;
    private String model;
    private int tasks;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        ModelStore models = new ModelStore(folder.resolve("models"));
        model = models.put(model().toByteArray());
        Access access = Access.open(database, Clock.systemUTC(), TOKEN);
        server = LutraServer.start("127.0.0.1", 0, Optional.empty(), access, queue, models);
        channel = new ServerAddress("127.0.0.1", server.port()).channel().build();
        agent = AgentServiceGrpc.newBlockingStub(channel).withInterceptors(TokenHeader.showing(EnrolledDevice.enrolled(access, "box").bearer()));
        session = agent.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box")).addRuntimes(OFFER).build()).getSession();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
        database.close();
    }

    /** Takes n rows of 3, gives n rows of 2. */
    private static ModelProto model() {
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13)).setGraph(GraphProto
            .newBuilder().addInput(value("x", 3)).addOutput(value("y", 2))).build();
    }

    private static ValueInfoProto value(String name, long columns) {
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder()
            .setElemType(1).setShape(TensorShapeProto.newBuilder()
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(columns)))))
            .build();
    }

    private Task.Builder timed() {
        return Task.newBuilder().setModelSha256(model).setProvider("cpu").setThreads(1).setRules(RULES);
    }

    private Task.Builder forOutputs() {
        return timed().clearRules().setReturnOutputs(true).addInputs(ModelInput.newBuilder().setName("x").addShape(4).addShape(3));
    }

    private static Measured.Builder sound() {
        return Measured.newBuilder().setRuntime(RUNTIME)
            .setLatency(Distribution.newBuilder().setSamples(4).setMinNanos(100).setP50Nanos(120).setMaxNanos(200).setMeanNanos(130)
                .setDeviationNanos(30).setRelativeHalfWidth(0.01).setHistogram(histogram(100, 110, 120, 200)))
            .setCircumstances(Circumstances.newBuilder().setRules(RULES).setRounds(2).setConverged(true));
    }

    private static Measured.Builder soundOutputs(long rows, long columns) {
        return Measured.newBuilder().setRuntime(RUNTIME).addOutputs(ModelOutput.newBuilder().setName("y").addShape(rows).addShape(columns)
            .setLittleEndianFloats(ByteString.copyFrom(new byte[4 * (int) (rows * columns)])));
    }

    private static ByteString histogram(long... values) {
        Histogram histogram = new Histogram(3);
        for (long value : values) {
            histogram.recordValue(value);
        }
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        histogram.encodeIntoCompressedByteBuffer(buffer);
        return ByteString.copyFrom(buffer.flip());
    }

    /** What grows to a gigabyte when it is unpacked. */
    private static ByteString bomb() {
        Deflater deflater = new Deflater(9);
        deflater.setInput(new byte[1 << 24]);
        deflater.finish();
        byte[] packed = new byte[1 << 16];
        int length = deflater.deflate(packed);
        deflater.end();
        return ByteString.copyFrom(ByteBuffer.allocate(8).putInt(0x1c849314).putInt(length).flip())
            .concat(ByteString.copyFrom(packed, 0, length));
    }

    private LeaseName lease(Task.Builder task) {
        queue.submit("box", List.of(task.setId("t" + tasks++).build()));
        LeasedTask leased = agent.lease(LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).build()).getTasks(0);
        return LeaseName.newBuilder().setTaskId(leased.getTask().getId()).setEpoch(leased.getEpoch()).build();
    }

    private boolean report(LeaseName lease, Measured.Builder measured) {
        return agent.report(ReportRequest.newBuilder().setSession(session).setLease(lease)
            .setOutcome(Outcome.newBuilder().setMeasured(measured)).build()).getAccepted();
    }

    private void assertRefused(LeaseName lease, Measured.Builder measured, String reason) {
        assertThatThrownBy(() -> report(lease, measured)).hasMessageStartingWith("FAILED_PRECONDITION: " + reason).hasMessageNotContaining("\n");
        assertThat(queue.outcomes(Set.of(lease.getTaskId()))).isEmpty();
    }

    private DynamicTest refused(String reason, Consumer<Measured.Builder> lie) {
        return dynamicTest(reason, () -> {
            Measured.Builder measured = sound();
            lie.accept(measured);
            LeaseName lease = lease(timed());
            assertRefused(lease, measured, reason);
            assertThat(report(lease, sound())).as("the truth, afterwards").isTrue();
        });
    }

    @Test
    void energyThatCannotBeIsRefused() {
        LeaseName lease = lease(timed().setEnergy(true));
        Energy.Builder sound = Energy.newBuilder().setNanojoules(5e6).setHalfWidthNanojoules(1e5).setIdleWatts(3).setWindows(5).setSource("rapl");
        assertRefused(lease, sound().setEnergy(sound.clone().setNanojoules(-1)), "energy.nanojoules: -1.0 (expected: 0 to ");
        assertRefused(lease, sound().setEnergy(sound.clone().setNanojoules(Double.NaN)), "energy.nanojoules: NaN");
        assertRefused(lease, sound().setEnergy(sound.clone().setHalfWidthNanojoules(1e16)), "energy.half_width_nanojoules: 1.0E16");
        assertRefused(lease, sound().setEnergy(sound.clone().setIdleWatts(-3)), "energy.idle_watts: -3.0");
        assertRefused(lease, sound().setEnergy(sound.clone().setWindows(1)), "energy.windows: 1 (expected: at least 3)");
        assertRefused(lease, sound().setEnergy(sound.clone().clearSource()), "energy.source: 0 characters");
        assertRefused(lease(timed()), sound().setEnergy(sound), "energy: given (expected: none, for the task does not ask)");
        assertThat(report(lease, sound().setEnergy(sound))).isTrue();
    }

    @Test
    void memoryThatCannotBeIsRefused() {
        LeaseName lease = lease(timed().setMemory(true));
        assertRefused(lease, sound().setMemory(Memory.getDefaultInstance()), "memory.peak_bytes: 0 (expected: 1 to ");
        assertRefused(lease, sound().setMemory(Memory.newBuilder().setPeakBytes(-5)), "memory.peak_bytes: -5 (expected: 1 to ");
        assertRefused(lease, sound().setMemory(Memory.newBuilder().setPeakBytes(1L << 51)), "memory.peak_bytes: 2251799813685248 (expected: 1 to ");
        assertRefused(lease, sound().setMemory(Memory.newBuilder().setPeakBytes(7).setRunningBytes(8)),
            "memory.running_bytes: 8 (expected: 0 to peak_bytes, 7)");
        assertThat(report(lease, sound().setMemory(Memory.newBuilder().setPeakBytes(7).setRunningBytes(7)))).isTrue();
        assertThat(report(lease(timed().setMemory(true)), sound())).as("of a device that does not tell").isTrue();
    }

    @TestFactory
    Stream<DynamicTest> whatATaskCannotHaveComeToIsRefused() {
        return Stream.of(
            refused("runtime.provider: cuda (expected: cpu)", measured -> measured.getRuntimeBuilder().setProvider("cuda")),
            refused("runtime.threads: 64 (expected: 1)", measured -> measured.getRuntimeBuilder().setThreads(64)),
            refused("runtime: onnxruntime 9 (expected: one that the device has offered)", measured -> measured.getRuntimeBuilder().setVersion("9")),
            refused("runtime.provider_options: {device_id=1} (expected: {})",
                measured -> measured.getRuntimeBuilder().putProviderOptions("device_id", "1")),
            refused("memory: given (expected: none, for the task does not ask)",
                measured -> measured.getMemoryBuilder().setPeakBytes(1_000_000)),
            refused("latency: missing", Measured.Builder::clearLatency),
            refused("latency.samples: 0", measured -> measured.getLatencyBuilder().setSamples(0)),
            refused("latency.p50_nanos: 0 (expected: more than 0)", measured -> measured.getLatencyBuilder().setP50Nanos(0)),
            refused("latency.p50_nanos: -1", measured -> measured.getLatencyBuilder().setP50Nanos(-1)),
            refused("latency.min_nanos: -5", measured -> measured.getLatencyBuilder().setMinNanos(-5)),
            refused("latency.p50_nanos: 120 (expected: at least min_nanos, 130)", measured -> measured.getLatencyBuilder().setMinNanos(130)),
            refused("latency.p99_nanos: 110 (expected: at least p50_nanos, 120)", measured -> measured.getLatencyBuilder().setP99Nanos(110)),
            refused("latency.p999_nanos: 150 (expected: at least p99_nanos, 160)",
                measured -> measured.getLatencyBuilder().setP99Nanos(160).setP999Nanos(150)),
            refused("latency.max_nanos: 0 (expected: at least p50_nanos, 120)", measured -> measured.getLatencyBuilder().setMaxNanos(0)),
            refused("latency.mean_nanos: NaN", measured -> measured.getLatencyBuilder().setMeanNanos(Double.NaN)),
            refused("latency.mean_nanos: Infinity", measured -> measured.getLatencyBuilder().setMeanNanos(Double.POSITIVE_INFINITY)),
            refused("latency.mean_nanos: 900.0 (expected: between 100 and 200)", measured -> measured.getLatencyBuilder().setMeanNanos(900)),
            refused("latency.deviation_nanos: NaN", measured -> measured.getLatencyBuilder().setDeviationNanos(Double.NaN)),
            refused("latency.relative_half_width: NaN", measured -> measured.getLatencyBuilder().setRelativeHalfWidth(Double.NaN)),
            refused("latency.relative_half_width: -0.1", measured -> measured.getLatencyBuilder().setRelativeHalfWidth(-0.1)),
            refused("latency.relative_half_width: 0.0", measured -> measured.getLatencyBuilder().setRelativeHalfWidth(0)),
            refused("latency.between_runs_half_width: NaN", measured -> measured.getLatencyBuilder().setBetweenRunsHalfWidth(Double.NaN)),
            refused("latency.relative_half_width: 0.5 (expected: at most 0.02 of what has converged)",
                measured -> measured.getLatencyBuilder().setRelativeHalfWidth(0.5)),
            refused("latency.histogram: cannot be read", measured -> measured.getLatencyBuilder().clearHistogram()),
            refused("latency.histogram: 0 samples (expected: 4)", measured -> measured.getLatencyBuilder().setHistogram(histogram())),
            refused("latency.histogram: 2 samples (expected: 4)", measured -> measured.getLatencyBuilder().setHistogram(histogram(100, 200))),
            refused("latency.histogram: cannot be read", measured -> measured.getLatencyBuilder().setHistogram(ByteString.copyFromUtf8("noise"))),
            refused("latency.histogram: cannot be read", measured -> measured.getLatencyBuilder().setHistogram(bomb())),
            refused("circumstances.rules: others", measured -> measured.getCircumstancesBuilder().getRulesBuilder().setMinRounds(1)),
            refused("circumstances.rounds: 0", measured -> measured.getCircumstancesBuilder().setRounds(0)),
            refused("circumstances.rounds: 1 (expected: at least 2", measured -> measured.getCircumstancesBuilder().setRounds(1)),
            refused("latency.samples: 4 (expected: at least one for every second of 90 rounds)",
                measured -> measured.getCircumstancesBuilder().setRounds(90)),
            refused("circumstances.drift: NaN", measured -> measured.getCircumstancesBuilder().setDrift(Double.NaN)),
            refused("circumstances: a negative count or time", measured -> measured.getCircumstancesBuilder().setSessionNanos(-1)),
            refused("outputs: 1 (expected: none", measured -> measured.addAllOutputs(soundOutputs(4, 2).getOutputsList())));
    }

    @Test
    void outputsHaveTheModelsNamesAndShapes() {
        LeaseName lease = lease(forOutputs());
        assertRefused(lease, soundOutputs(4, 2).clearOutputs(), "outputs: [] (expected: [y])");
        Measured.Builder other = soundOutputs(4, 2);
        other.getOutputsBuilder(0).setName("secret");
        assertRefused(lease, other, "outputs: [secret] (expected: [y])");
        assertRefused(lease, soundOutputs(4, 3), "output y: shape [4, 3] (expected: [n, 2])");
        assertRefused(lease, soundOutputs(5, 2), "output y: shape [5, 2] (expected: [n, 2])");
        Measured.Builder cut = soundOutputs(4, 2);
        cut.getOutputsBuilder(0).setLittleEndianFloats(ByteString.copyFrom(new byte[30]));
        assertRefused(lease, cut, "output y: 30 bytes (expected: 8 floats, as its shape [4, 2] says)");
        Measured.Builder vast = soundOutputs(4, 2);
        vast.getOutputsBuilder(0).setShape(0, 1L << 40);
        assertRefused(lease, vast, "output y: shape [1099511627776, 2]");
        assertRefused(lease, soundOutputs(4, 2).setLatency(sound().getLatency()), "latency: given");
        assertThat(report(lease, soundOutputs(4, 2))).isTrue();
    }

    @Test
    void whatIsNotKnownMayBeSaidToBeUnknown() {
        Measured.Builder single = sound();
        single.getLatencyBuilder().setRelativeHalfWidth(Double.POSITIVE_INFINITY).setBetweenRunsHalfWidth(Double.POSITIVE_INFINITY);
        single.getCircumstancesBuilder().setRounds(1).setConverged(false);
        assertThat(report(lease(timed()), single)).isTrue();
        Measured.Builder loaded = sound();
        loaded.getLatencyBuilder().setRelativeHalfWidth(Double.POSITIVE_INFINITY);
        loaded.getCircumstancesBuilder().setRounds(1);
        assertThat(report(lease(timed().setLoad(Load.newBuilder().setRequestsPerSecond(5).setDurationNanos(1))), loaded)).as("kept up").isTrue();
    }

    /** Somebody else's task, or none: nothing to compare with, and nothing is stored. */
    @Test
    void aReportOfNoTaskIsNotAccepted() {
        queue.submit("another", List.of(timed().setId("theirs").build()));
        LeaseName theirs = LeaseName.newBuilder().setTaskId("theirs").setEpoch(0).build();
        assertThat(report(theirs, sound())).isFalse();
        assertThat(report(theirs.toBuilder().setTaskId("nothing").build(), sound())).isFalse();
        assertThat(new LocalFleet(queue, new ModelStore(folder.resolve("models"))).outcomes(List.of("theirs"), 0, Duration.ZERO)).isEmpty();
    }
}

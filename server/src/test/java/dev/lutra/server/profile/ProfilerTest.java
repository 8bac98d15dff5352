package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Entry;
import dev.lutra.proto.Failed;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.SaidLines;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a device is asked to measure, by a server that it has joined. */
class ProfilerTest {

    private static final String TOKEN = "token";

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    /** An agent's log, its page and the run's errors all show labels. */
    @Test
    void namesSegmentsToPeopleNotByTheirKeys() throws Exception {
        Experiment experiment = experiment();
        SearchSpace space = experiment.baseSpace();
        try (Database database = Database.open(folder.resolve("server.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            try (
                LutraServer server = LutraServer.start("127.0.0.1", 0, Optional.empty(), Access.open(database, Clock.systemUTC(), TOKEN), queue,
                    new ModelStore(folder.resolve("models")));
                Database own = Database.open(folder.resolve("run.db"));
                RunFleet fleet = new RemoteServer(ServerAddress.parse("127.0.0.1:" + server.port()), TOKEN).open(experiment.targets(),
                    new RunFolder(folder.resolve("run")), own, progress)) {
                CompletableFuture<List<String>> labels = CompletableFuture.supplyAsync(() -> failAllButTheCall(queue));
                Profiler profiler = new Profiler(experiment, space, folder.resolve("run/lut"), "run", () -> fleet,
                    progress.events(), new ResultStore(own, "run"));
                String first = SegmentCatalog.of(space).items().iterator().next().label();
                assertThatThrownBy(profiler::run).isInstanceOf(DeviceException.class)
                    .hasMessage("device box: " + first + ": out of memory");
                assertThat(labels.get(1, TimeUnit.MINUTES)).startsWith("call-overhead", first)
                    .allMatch(label -> label.equals("call-overhead") || label.startsWith(space.name() + " "));
            }
        }
    }

    /** Over the real protocol, by an agent that says what cannot be, and is then put right. */
    @Test
    void aRefusedFigureIsToldAndMeasuredByTheNextRun() throws Exception {
        Experiment experiment = experiment("profile: {calibrate: 0}\n");
        try (Database database = Database.open(folder.resolve("server.db"))) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            ModelStore models = new ModelStore(folder.resolve("models"));
            try (
                LutraServer server = LutraServer.start("127.0.0.1", 0, Optional.empty(), Access.open(database, Clock.systemUTC(), TOKEN), queue,
                    models);
                Database own = Database.open(folder.resolve("run.db"));
                RunFleet fleet = new RemoteServer(ServerAddress.parse("127.0.0.1:" + server.port()), TOKEN).open(experiment.targets(),
                    new RunFolder(folder.resolve("run")), own, progress)) {
                AgentCalls calls = new AgentCalls(queue, models);
                Profiler profiler = new Profiler(experiment, experiment.baseSpace(), folder.resolve("run/lut"), "run", () -> fleet,
                    progress.events(), new ResultStore(own, "run"));
                CompletableFuture<Void> lying = CompletableFuture.runAsync(() -> workOff(calls, -7));
                assertThatThrownBy(profiler::run).isInstanceOf(DeviceException.class).hasMessageMatching("device box: .*: "
                    + "the server refuses the outcome: latency\\.p50_nanos: -7 \\(expected: more than 0\\)");
                lying.get(1, TimeUnit.MINUTES);
                CompletableFuture<Void> honest = CompletableFuture.runAsync(() -> workOff(calls, 50_000));
                LookupTable table = profiler.run().get("box");
                assertThat(table.entries()).allSatisfy(entry -> assertThat(entry.getLatency().getP50Nanos()).isEqualTo(50_000));
                honest.get(1, TimeUnit.MINUTES);
            }
        }
    }

    /** Takes the device's part, as agents do that are refused: they report why. */
    private static void workOff(AgentCalls calls, long p50Nanos) {
        RuntimeOffer offer = RuntimeOffer.newBuilder().setName("onnxruntime").setVersion("1.29.0").addProviders("cpu").build();
        String session = calls.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box")).addRuntimes(offer).build()).getSession();
        LeaseRequest request = LeaseRequest.newBuilder().setSession(session).setMaxTasks(10).setWaitMillis(10_000).build();
        LeaseReply leased = calls.lease(request).join();
        for (boolean more = true; more; leased = calls.lease(request.toBuilder().clearWaitMillis().build()).join()) {
            for (LeasedTask task : leased.getTasksList()) {
                ReportRequest.Builder report = ReportRequest.newBuilder().setSession(session).setLease(
                    LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()));
                try {
                    calls.report(report.setOutcome(measured(task.getTask(), p50Nanos)).build());
                } catch (InputException e) {
                    calls.report(report.setOutcome(Outcome.newBuilder().setFailed(
                        Failed.newBuilder().setReason("the server refuses the outcome: " + e.getMessage()))).build());
                }
            }
            more = leased.getQueued() > 0;
        }
    }

    private static Outcome measured(Task task, long p50Nanos) {
        Histogram histogram = new Histogram(3);
        histogram.recordValue(50_000);
        ByteBuffer encoded = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        histogram.encodeIntoCompressedByteBuffer(encoded);
        return Outcome.newBuilder().setMeasured(Measured.newBuilder()
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider(task.getProvider())
                .setThreads(task.getThreads()))
            .setLatency(Distribution.newBuilder().setSamples(1).setMinNanos(Math.max(0, p50Nanos)).setP50Nanos(p50Nanos).setMaxNanos(50_000)
                .setMeanNanos(50_000).setRelativeHalfWidth(0.01).setHistogram(ByteString.copyFrom(encoded.flip())))
            .setCircumstances(Circumstances.newBuilder().setRules(task.getRules()).setRounds(1))).build();
    }

    /** One file may hold the segments of several spaces; a correction that was fitted to others only does not stand for this one. */
    @Test
    void aTableIsCompleteWithWholeNetworksOfThisSpace() throws IOException {
        Experiment experiment = experiment();
        SearchSpace space = experiment.baseSpace();
        List<String> keys = SegmentCatalog.of(space).items().stream().map(SegmentCatalog.Item::key).toList();
        dev.lutra.proto.LookupTable.Builder content = dev.lutra.proto.LookupTable.newBuilder().setFormat(LookupTable.FORMAT)
            .setPrecision("float32").setBatch(1).setSource("measured").setDevice(Device.newBuilder().setName("box"))
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu").setThreads(1))
            .setCallOverhead(Distribution.newBuilder().setP50Nanos(1000));
        keys.forEach(key -> content.addEntries(Entry.newBuilder().setKey(key).setSignature("conv").setLabel("conv")
            .setLatency(Distribution.newBuilder().setP50Nanos(100_000).setRelativeHalfWidth(0.01))));
        LookupTable table = LookupTable.of(content.build());
        assertThat(Profiler.isComplete(experiment, table, space)).isFalse();
        assertThat(Profiler.isComplete(experiment, corrected(table, "another", keys), space)).isFalse();
        assertThat(Profiler.isComplete(experiment, corrected(table, space.name(), keys), space)).isTrue();
    }

    private static LookupTable corrected(LookupTable table, String space, List<String> keys) {
        List<WholeNetwork> networks = IntStream.range(0, 4).mapToObj(i -> WholeNetwork.newBuilder().setSpace(space)
            .setArchitecture("a" + i).addAllSegments(keys.subList(i, i + 2)).setHeldOut(i == 3)
            .setLatency(Distribution.newBuilder().setP50Nanos(200_000 + 1000L * i).setRelativeHalfWidth(0.01)).build()).toList();
        return table.withCalibration(Calibrator.fit(table, networks));
    }

    private Experiment experiment() throws IOException {
        return experiment("");
    }

    private Experiment experiment(String more) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), """
            name: labels
            space: shufflenetv2-cifar
            data: {train: "synthetic:4x80"}
            targets: [{device: box}]
            """ + more));
    }

    /** Takes the device's part: gives the labels of all tasks, in the order of the queue. */
    private static List<String> failAllButTheCall(TaskQueue queue) {
        String session = queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box")).build());
        List<String> labels = new ArrayList<>();
        for (List<LeasedTask> leased = queue.lease(session, 10, Duration.ofMinutes(1)).join().tasks(); !leased.isEmpty(); leased = queue
            .lease(session, 10)) {
            for (LeasedTask task : leased) {
                String label = task.getTask().getLabel();
                labels.add(label);
                Outcome outcome = label.equals("call-overhead")
                    ? Outcome.newBuilder().setMeasured(Measured.getDefaultInstance()).build()
                    : Outcome.newBuilder().setFailed(Failed.newBuilder().setReason("out of memory")).build();
                queue.report(session, LeaseName.newBuilder().setTaskId(task.getTask().getId()).setEpoch(task.getEpoch()).build(),
                    outcome);
            }
        }
        return labels;
    }
}

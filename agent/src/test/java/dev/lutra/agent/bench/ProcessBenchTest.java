package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.protobuf.ByteString;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real processes with the real ONNX Runtime in them. The time limit only ends a test that would hang. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessBenchTest {

    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder()
        .setMinWarmupRuns(3).setMaxWarmupNanos(50 * MS).setMinSamples(20).setSliceNanos(20 * MS)
        .setMaxMeasureNanos(1000 * MS).setTargetRelativeHalfWidth(0.01).build();
    /** CPU time of a process that has opened a session before: of the next one's runs nearly all. */
    private static final Duration WELL_UNDER_WAY = Duration.ofMillis(500);
    /** No limit on how slow the machine may be. */
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir
    private Path temporary;
    @TempDir
    private Path elsewhere;
    private ProcessBench bench;

    @BeforeEach
    void open() {
        bench = new ProcessBench(List.of(), LONG, temporary);
    }

    @AfterEach
    void closeLeavesNothingBehind() throws IOException {
        bench.close();
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left).isEmpty();
        }
        assertThat(workers(ProcessHandle.current())).isEmpty();
    }

    private static List<ProcessHandle> workers(ProcessHandle parent) {
        return parent.descendants().filter(ProcessHandle::isAlive).filter(child -> child.info().command().orElse("").endsWith("java"))
            .filter(child -> child.info().commandLine().orElse("").contains(Worker.class.getName())).toList();
    }

    private static ProcessHandle worker() {
        List<ProcessHandle> workers = workers(ProcessHandle.current());
        assertThat(workers).hasSize(1);
        return workers.get(0);
    }

    static Task.Builder task() {
        return Task.newBuilder().setId("t").setProvider("cpu").setThreads(1).addInputs(ModelInput.newBuilder()
            .setName("x").addShape(1).addShape(3).setLittleEndianFloats(floats(-1, 2, -3)));
    }

    private static ByteString floats(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return ByteString.copyFrom(buffer.flip());
    }

    private Slice slice(Task.Builder task) throws InterruptedException {
        return bench.slice(task.build(), TinyOnnx.relu(3), () -> false);
    }

    /** A failed task's reason, or what came out of one that did not fail. */
    private String failure(Task.Builder task, byte[] onnx) {
        try {
            return bench.slice(task.build(), onnx, () -> false).toString();
        } catch (TaskFailure e) {
            return e.getMessage();
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    private CompletableFuture<String> failureLater(Task.Builder task, byte[] onnx) {
        return CompletableFuture.supplyAsync(() -> failure(task, onnx));
    }

    /** By somebody who watches for new processes, as a system short of memory may: that says nothing of the model. */
    @Test
    void aChildThatIsKilledBeforeItHasConnectedIsReplaced() throws Exception {
        Set<Long> killed = ConcurrentHashMap.newKeySet();
        Thread killer = new Thread(() -> {
            while (killed.size() < 2) {
                ProcessHandle.current().children().filter(child -> killed.size() < 2 && killed.add(child.pid()))
                    .forEach(ProcessHandle::destroyForcibly);
            }
        });
        killer.setDaemon(true);
        killer.start();
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
        killer.join();
        assertThat(killed).hasSize(2);
    }

    @Test
    void childrenThatNeverConnectAreAnErrorInTheEnd() {
        AtomicBoolean over = new AtomicBoolean();
        Thread killer = new Thread(() -> {
            while (!over.get()) {
                ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
                LockSupport.parkNanos(MS); // a JVM takes many times as long to connect
            }
        });
        killer.setDaemon(true);
        killer.start();
        assertThatThrownBy(() -> slice(task().setRules(RULES))).isInstanceOf(IllegalStateException.class)
            .hasMessageStartingWith("the measuring process does not start");
        over.set(true);
    }

    /** In the place of the next worker: what {@link HostileWorker} does is done by a process that this bench has started. */
    private String failureInHostileHands(String deed) throws IOException {
        String home = System.getProperty("java.home");
        Path bin = Files.createDirectories(elsewhere.resolve("bin"));
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(part -> Path.of(part).toAbsolutePath().toString()).collect(Collectors.joining(File.pathSeparator));
        Path java = Files.writeString(bin.resolve("java"), "#!/bin/sh\nfor door; do :; done\nCLASSPATH='" + classPath + "' exec '" + home
            + "/bin/java' -Xmx64m " + HostileWorker.class.getName() + " '" + deed + "' \"$door\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        bench.unprotect("its child is hostile");
        System.setProperty("java.home", elsewhere.toString());
        try {
            return failure(task().setRules(RULES), TinyOnnx.relu(3));
        } finally {
            System.setProperty("java.home", home);
        }
    }

    @ParameterizedTest
    @CsvSource({"a length below none,-1 bytes", "a length beyond all,2147483647 bytes", "garbage,protocol", "nothing,no slice",
        "negative times,samples_nanos: -5", "endless times,samples_nanos: 9223372036854775807"})
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void whatAHostileChildSaysFailsItsTaskAndTheNextChildMeasures(String deed, String told) throws Exception {
        assertThat(failureInHostileHands(deed)).startsWith("the measuring process ").contains(told);
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a pipe", "a link to a device", "a folder in the door"})
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatAHostileChildLeavesFailsItsTaskAndTheNextChildMeasures(String deed) throws Exception {
        assertThat(failureInHostileHands(deed)).isEqualTo("the native runtime crashed (SIGABRT) while running this model");
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    /** Its threads wait for each other, which is no interference. */
    @Test
    void whereThreadsOutnumberCoresDelaysTellNothing() throws Exception {
        int cores = Runtime.getRuntime().availableProcessors();
        assertThat(slice(task().setRules(RULES).setThreads(4 * cores)).getRunDelayNanos()).isEqualTo(-1);
    }

    /** A worker that has served a task, and the CPU time that it had taken by then: the rest is the next one's. */
    private record Served(ProcessHandle worker, Duration before) {

        Served(ProcessHandle worker) {
            this(worker, cpuTime(worker));
        }

        boolean isAtWork() {
            return cpuTime(worker).minus(before).compareTo(WELL_UNDER_WAY) > 0;
        }

        /** The worker, when it has come into the middle of an endless model. */
        ProcessHandle atWork() throws InterruptedException {
            while (!isAtWork()) {
                assertThat(worker.isAlive()).isTrue();
                Thread.sleep(20);
            }
            return worker;
        }
    }

    private Served served() throws InterruptedException {
        slice(task());
        return new Served(worker());
    }

    private static Duration cpuTime(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static void signal(String name, ProcessHandle process) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor()).isZero();
    }

    @Test
    void samplesAndOutputsComeBack() throws InterruptedException {
        Slice slice = slice(task().setRules(RULES).setReturnOutputs(true));

        assertThat(slice.getOutputs(0).getLittleEndianFloats()).isEqualTo(floats(0, 2, 0));
        assertThat(slice.getSamplesNanosCount()).isGreaterThanOrEqualTo(20);
        assertThat(slice.getSamplesNanosList()).allMatch(nanos -> nanos > 0);
        assertThat(slice.getSamplingNanos()).isGreaterThanOrEqualTo(20 * MS)
            .isGreaterThanOrEqualTo(slice.getSamplesNanosList().stream().mapToLong(Long::longValue).sum());
        assertThat(slice.getWarmupRuns()).isGreaterThanOrEqualTo(3);
        assertThat(slice.getWarmupNanos()).isPositive();
        assertThat(slice.getSessionNanos()).isPositive();
        assertThat(slice.getClockOverheadNanos()).isBetween(0L, MS);
        assertThat(slice.getRuntime().getName()).isEqualTo("onnxruntime");
        if (Files.exists(Path.of("/proc/self/schedstat"))) {
            assertThat(slice.getRunDelayNanos()).isGreaterThanOrEqualTo(0);
        }
    }

    @Test
    void aTaskWithoutRulesRunsOnce() throws InterruptedException {
        Slice slice = slice(task().setReturnOutputs(true));

        assertThat(slice.getOutputs(0).getLittleEndianFloats()).isEqualTo(floats(0, 2, 0));
        assertThat(slice.getSamplesNanosList()).isEmpty();
        assertThat(slice.getWarmupRuns()).isZero();
        assertThat(slice(task()).getOutputsList()).isEmpty();
    }

    @Test
    void oneProcessServesUntilItIsRenewed() throws InterruptedException {
        slice(task());
        ProcessHandle first = worker();
        slice(task());
        assertThat(worker()).isEqualTo(first);

        bench.renew();
        assertThat(first.isAlive()).isFalse();
        slice(task());
        assertThat(worker()).isNotEqualTo(first);
    }

    @Test
    void whatIsWrongWithATaskFailsItAndTheProcessLivesOn() throws InterruptedException {
        slice(task());
        ProcessHandle first = worker();

        assertThat(failure(task(), new byte[]{1, 2, 3})).startsWith("model: ");
        assertThat(failure(task(), TinyOnnx.add(3))).startsWith("input z: missing");
        slice(task());
        assertThat(worker()).isEqualTo(first);
    }

    @Test
    void aCrashInTheMiddleOfARunFailsOnlyThatTask() throws Exception {
        Served served = served();
        CompletableFuture<String> crashed = failureLater(task(), TinyOnnx.endless(3));
        signal("SEGV", served.atWork());

        assertThat(crashed.get())
            .isEqualTo("the native runtime crashed (SIGSEGV) while running this model");
        assertThat(slice(task().setReturnOutputs(true)).getOutputs(0).getLittleEndianFloats()).isEqualTo(floats(0, 2, 0));
    }

    @Test
    void anAbortOfTheRuntimeIsNamed() throws Exception {
        Served served = served();
        CompletableFuture<String> aborted = failureLater(task(), TinyOnnx.endless(3));
        signal("ABRT", served.atWork());

        assertThat(aborted.get())
            .isEqualTo("the native runtime crashed (SIGABRT) while running this model");
    }

    @Test
    void aKilledProcessFailsOnlyItsTask() throws Exception {
        Served served = served();
        CompletableFuture<String> killed = failureLater(task(), TinyOnnx.endless(3));
        signal("KILL", served.atWork());

        assertThat(killed.get()).contains("killed (SIGKILL)");
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    /** It is stopped, so that the model fills what lies between the two, and is gone before it has read it. */
    @Test
    void aChildThatIsKilledWhileAModelIsSentFailsOnlyItsTask() throws Exception {
        slice(task());
        ProcessHandle child = worker();
        signal("STOP", child);
        CompletableFuture<String> killed = failureLater(task(), new byte[32 << 20]);
        Thread.sleep(100); // likely in the middle of it; right in any case
        signal("KILL", child);

        assertThat(killed.get()).contains("killed (SIGKILL)");
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    /** The parent, another process here, is stopped, so that the child's reply fills what lies between the two. */
    @Test
    void aChildThatIsKilledInTheMiddleOfItsReplyFailsOnlyItsTask() throws Exception {
        Process parent = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), Answered.class.getName(), temporary.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader said = parent.inputReader()) {
            awaitLine(said, "first slice");
            ProcessHandle child = workers(parent.toHandle()).get(0);
            signal("STOP", child);
            parent.outputWriter().append("go\n").flush();
            awaitLine(said, "asking");
            Thread.sleep(200); // the request, a small one, has gone out
            signal("STOP", parent.toHandle());
            signal("CONT", child);
            Duration before;
            do { // until it is done, but for the reply that nobody takes
                before = cpuTime(child);
                Thread.sleep(300);
            } while (cpuTime(child).compareTo(before) > 0 || before.isZero());
            signal("KILL", child);
            signal("CONT", parent.toHandle());

            assertThat(awaitLine(said, "failure: ")).contains("killed (SIGKILL)");
            awaitLine(said, "afterwards: " + List.of(1L, 3L));
        } finally {
            parent.destroyForcibly().onExit().get();
            // a parent that is killed leaves what its child would have deleted
            deleteAll(temporary);
        }
    }

    private static String awaitLine(BufferedReader said, String prefix) throws IOException {
        String line = said.readLine();
        while (line != null && !line.startsWith(prefix)) {
            line = said.readLine();
        }
        assertThat(line).isNotNull();
        return line;
    }

    private static void deleteAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path -> !path.equals(folder)).sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** A parent that asks for something large, tells what came of it and asks for something small. */
    static final class Answered {

        public static void main(String[] args) throws Exception {
            try (ProcessBench bench = new ProcessBench(List.of(), LONG, Path.of(args[0]))) {
                bench.slice(task().build(), TinyOnnx.relu(3), () -> false);
                System.out.println("first slice");
                System.in.read();
                System.out.println("asking");
                Task large = task().clearInputs().setReturnOutputs(true).addInputs(
                    ModelInput.newBuilder().setName("x").addShape(1 << 20).addShape(3).setRandomSeed(1)).build();
                try {
                    bench.slice(large, TinyOnnx.relu(3), () -> false);
                } catch (TaskFailure e) {
                    System.out.println("failure: " + e.getMessage());
                }
                System.out.println("afterwards: " + bench.slice(task().setReturnOutputs(true).build(), TinyOnnx.relu(3), () -> false)
                    .getOutputs(0).getShapeList());
            }
        }
    }

    /** Whenever it comes: in the start of the process, on the way, while it works, while it answers. */
    @Test
    void aChildThatIsKilledAtAnyMomentFailsAtMostItsTask() throws Exception {
        Random random = new Random(7);
        for (int i = 0; i < 5; i++) {
            bench.renew();
            AtomicBoolean over = new AtomicBoolean();
            int after = random.nextInt(400);
            Thread killer = new Thread(() -> {
                Optional<ProcessHandle> child = Optional.empty();
                while (child.isEmpty() && !over.get()) {
                    child = workers(ProcessHandle.current()).stream().findFirst();
                }
                while (child.isPresent() && cpuTime(child.get()).toMillis() < after && !over.get() && child.get().isAlive()) {
                    Thread.onSpinWait();
                }
                child.ifPresent(ProcessHandle::destroyForcibly);
            });
            killer.start();
            String outcome = failure(task().setReturnOutputs(true), TinyOnnx.relu(3));
            over.set(true);
            killer.join();
            assertThat(outcome).as("after %d ms", after).containsAnyOf("killed (SIGKILL)", "outputs {");
        }
        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    @Test
    void everyEndIsTold() {
        assertThat(WorkerProcess.ending(134, Optional.of("SIGBUS"))).contains("crashed (SIGBUS)");
        assertThat(WorkerProcess.ending(139, Optional.empty())).contains("crashed (SIGSEGV)");
        assertThat(WorkerProcess.ending(-1073741819, Optional.of("EXCEPTION_ACCESS_VIOLATION")))
            .contains("crashed (EXCEPTION_ACCESS_VIOLATION)");
        assertThat(WorkerProcess.ending(3, Optional.empty())).contains("ended the process with status 3");
    }

    @Test
    void aProcessThatDiedBetweenTwoTasksIsNobodysFault() throws Exception {
        slice(task());
        ProcessHandle first = worker();
        first.destroyForcibly();
        first.onExit().get();

        assertThat(slice(task().setRules(RULES)).getSamplesNanosCount()).isPositive();
    }

    @Test
    void aSessionThatStaysOpenServesFurtherSlicesAndEndsWithItsProcess() throws Exception {
        Task task = task().setRules(RULES).build();
        byte[] nothing = {1};
        bench.slice(task, TinyOnnx.relu(3), true, () -> false);
        slice(task());
        assertThat(bench.slice(task, nothing, true, () -> false).getSamplesNanosCount()).as("without the model").isPositive();
        bench.renew();
        assertThatThrownBy(() -> bench.slice(task, nothing, true, () -> false)).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("model: ");
    }

    /** A terminal's Ctrl-C and a service manager's stop reach the child too; whether it ends is the agent's decision. */
    @Test
    void signalsThatStopTheAgentDoNotFailTheTaskUnderWay() throws Exception {
        Served served = served();
        AtomicBoolean abandoned = new AtomicBoolean();
        CompletableFuture<Void> measured = CompletableFuture.runAsync(() -> assertThatThrownBy(() -> bench.slice(
            task().build(), TinyOnnx.endless(3), abandoned::get)).isInstanceOf(InterruptedException.class));
        ProcessHandle child = served.atWork();
        signal("INT", child);
        signal("TERM", child);
        signal("HUP", child);

        Duration before = cpuTime(child);
        while (cpuTime(child).minus(before).toMillis() < 200) {
            assertThat(child.isAlive()).as("works on").isTrue();
            Thread.sleep(20);
        }
        assertThat(measured).isNotDone();
        abandoned.set(true);
        measured.get();
    }

    @Test
    void anAbandonedSliceEndsWithItsProcess() throws InterruptedException {
        Served served = served();
        assertThatThrownBy(() -> bench.slice(task().build(), TinyOnnx.endless(3), served::isAtWork))
            .isInstanceOf(InterruptedException.class);

        assertThat(served.worker().isAlive()).isFalse();
        slice(task());
    }

    @Test
    void anInterruptedSliceEndsWithItsProcess() throws Exception {
        Served served = served();
        CompletableFuture<Thread> started = new CompletableFuture<>();
        CompletableFuture<Boolean> interrupted = CompletableFuture.supplyAsync(() -> {
            started.complete(Thread.currentThread());
            return assertThatThrownBy(() -> bench.slice(task().build(), TinyOnnx.endless(3), () -> false))
                .isInstanceOf(InterruptedException.class) != null;
        });
        ProcessHandle child = served.atWork();
        started.get().interrupt();

        interrupted.get();
        assertThat(child.isAlive()).isFalse();
    }

    @Test
    void aModelThatNeverEndsIsEnded() throws InterruptedException {
        try (ProcessBench impatient = new ProcessBench(List.of(), Duration.ofSeconds(1), temporary)) {
            MeasureRules rules = RULES.toBuilder().setMaxWarmupNanos(500 * MS).setMaxMeasureNanos(500 * MS).build();
            assertThatThrownBy(() -> impatient.slice(task().setRules(rules).build(), TinyOnnx.endless(3), () -> false))
                .isInstanceOf(TaskFailure.class).hasMessage("did not end within 2 s");
            assertThat(workers(ProcessHandle.current())).isEmpty();
        }
    }

    @Test
    void aModelIsConfinedToTheCoresItIsGiven() throws InterruptedException {
        assumeThat(Runtime.getRuntime().availableProcessors()).isGreaterThan(1);
        assumeThat(Path.of("/usr/bin/taskset")).exists();
        int core = new ProcessProbe().pinnedCores().stream().findFirst().orElse(0);

        try (ProcessBench pinned = new ProcessBench(List.of(core), Duration.ofMinutes(1), temporary)) {
            assertThat(pinned.slice(task().setRules(RULES).build(), TinyOnnx.relu(3), () -> false).getPinnedCoresList())
                .containsExactly(core);
        }
    }

    @Test
    void aProcessThatCannotStartIsNotTheTasksFailure() {
        assumeThat(Path.of("/usr/bin/taskset")).exists();
        try (ProcessBench impossible = new ProcessBench(List.of(4000), Duration.ofMinutes(1), temporary)) {
            assertThatThrownBy(() -> impossible.slice(task().build(), TinyOnnx.relu(3), () -> false))
                .isInstanceOf(InputException.class).hasMessageContaining("cores 4000");
        }
    }

    /**
     * Its environment makes every JVM print the collector's doings to its standard output, as native libraries do, while a
     * slice is under way; the parent is then killed in the middle of the next.
     */
    @Test
    void aKilledParentTakesItsChildAlongAndPrintsOfTheChildDisturbNothing() throws Exception {
        Path log = temporary.resolveSibling(temporary.getFileName() + ".log");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), Parent.class.getName(), temporary.toString());
        builder.environment().put("JDK_JAVA_OPTIONS", "-Xlog:gc*");
        Process parent = builder.redirectOutput(log.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try {
            while (!Files.readString(log).contains("first slice: ")) {
                assertThat(parent.isAlive()).isTrue();
                Thread.sleep(20);
            }
            ProcessHandle child = new Served(workers(parent.toHandle()).get(0)).atWork();
            parent.destroyForcibly();

            child.onExit().get();
            assertThat(Files.readString(log)).contains("first slice: 20 samples or more");
        } finally {
            parent.destroyForcibly();
            Files.delete(log);
            // What the child did not see the next agent deletes.
            ScratchFolder.open(temporary).close();
        }
    }

    /** A parent that measures something short, then something without an end. */
    static final class Parent {

        public static void main(String[] args) throws Exception {
            ProcessBench bench = new ProcessBench(List.of(), LONG, Path.of(args[0]));
            Slice slice = bench.slice(task().setRules(RULES).build(), TinyOnnx.relu(3), () -> false);
            System.out.println("first slice: " + (slice.getSamplesNanosCount() >= 20 ? "20 samples or more" : "too few"));
            bench.slice(task().build(), TinyOnnx.endless(3), () -> false);
        }
    }

    /** A model whose one weight is so large, whatever else it takes. */
    private static byte[] oneWeight(int values) {
        TensorProto weight = TensorProto.newBuilder().setName("w").addDims(3).addDims(values / 3).setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(ByteString.copyFrom(new byte[Float.BYTES * (values / 3 * 3)])).build();
        NodeProto product = NodeProto.newBuilder().setOpType("MatMul").addInput("x").addInput("w").addOutput("y").build();
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(GraphProto.newBuilder().setName("g").addInput(value("x", 1, 3)).addInitializer(weight).addNode(product)
                .addOutput(value("y", 1, values / 3)))
            .build().toByteArray();
    }

    private static ValueInfoProto value(String name, int... shape) {
        TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
        for (int extent : shape) {
            dims.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(extent));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
            TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE).setShape(dims))).build();
    }

    /** Weights of 16 and of 64 MB: a runtime holds each at least once, and no more often than its loading takes. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void memoryIsThatOfTheModel() throws Exception {
        long[] peaks = new long[2];
        for (int i = 0; i < 2; i++) {
            long megabytes = i == 0 ? 16 : 64;
            bench.renewForMemory();
            bench.slice(task().build(), TinyOnnx.relu(3), () -> false);
            Memory memory = bench.memory(task().setRules(RULES).build(), oneWeight((int) (megabytes << 18)), () -> false).orElseThrow();
            assertThat(memory.getPeakBytes()).isBetween(megabytes << 20, 5 * megabytes << 20);
            assertThat(memory.getRunningBytes()).isBetween(megabytes << 20, memory.getPeakBytes());
            peaks[i] = memory.getPeakBytes();
        }
        assertThat(peaks[1] / (double) peaks[0]).isBetween(3.0, 5.0);
        assertThat(bench.memory(task().setProvider("cuda").setRules(RULES).build(), TinyOnnx.relu(3), () -> false)).isEmpty();
    }
}

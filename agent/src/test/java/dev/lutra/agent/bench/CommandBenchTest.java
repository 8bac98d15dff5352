package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.agent.command.RuntimesFile;
import dev.lutra.agent.runtime.TinyOnnx;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real processes. The time limit only ends a test that would hang. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CommandBenchTest {

    private static final long MS = 1_000_000;
    private static final MeasureRules RULES = MeasureRules.newBuilder().setMinWarmupRuns(2).setMinWarmupNanos(MS).setMaxWarmupNanos(50 * MS)
        .setMinSamples(5).setSliceNanos(20 * MS).setMaxMeasureNanos(1000 * MS).setTargetRelativeHalfWidth(0.1).build();
    /** A report of a hundred runs of a millisecond by {@code printf}, in nanoseconds. */
    private static final String HUNDRED_RUNS = "printf '{\"unit\":\"ns\",\"latencies\":[1000000'; for i in $(seq 99); do printf ',1000000'; done; printf ']}'";

    @TempDir
    private Path folder;
    @TempDir
    private Path temporary;
    private CommandBench bench;

    @AfterEach
    void nothingIsLeft() throws IOException {
        if (bench != null) {
            bench.close();
        }
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left).isEmpty();
        }
        assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive)).isEmpty();
    }

    private CommandBench bench(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("runtimes.yaml"), "runtimes:\n  own:\n    version: 1.2\n" + yaml.indent(4));
        bench = new CommandBench(RuntimesFile.read(file).get(0), List.of(), temporary);
        return bench;
    }

    /** A bench whose command is a script. */
    private CommandBench script(String script, String more) throws IOException {
        Files.writeString(folder.resolve("command.sh"), script);
        return bench("command: [sh, ./command.sh, \"{request}\", \"{report}\"]\n" + more);
    }

    /** A bench whose command prints its report. */
    private CommandBench printing(String script, String more) throws IOException {
        Files.writeString(folder.resolve("command.sh"), script);
        return bench("command: [sh, ./command.sh, \"{model}\", \"{threads}\", \"{seconds}\", \"{whole-seconds}\", \"{least-runs}\"]\n" + more);
    }

    private static Task.Builder task() {
        return Task.newBuilder().setId("t").setProvider("own").setThreads(1).setRules(RULES)
            .addInputs(ModelInput.newBuilder().setName("x").addShape(1).addShape(4).setRandomSeed(1));
    }

    private Slice slice(CommandBench of) throws InterruptedException {
        return of.slice(task().build(), TinyOnnx.relu(4), () -> false);
    }

    private void fails(CommandBench of, String reason) {
        assertThatThrownBy(() -> slice(of)).isInstanceOf(TaskFailure.class).hasMessageStartingWith("runtime own: ").hasMessageContaining(reason);
    }

    /** A runtime of the repository, as its owner would have it. */
    private CommandBench own(String name, Path nodeModules) throws IOException {
        Path runtimes = Path.of("runtimes");
        try (Stream<Path> files = Files.list(runtimes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        }
        if (nodeModules != null) {
            Files.createSymbolicLink(folder.resolve("node_modules"), nodeModules);
        }
        bench = new CommandBench(RuntimesFile.read(folder.resolve("runtimes.yaml")).stream().filter(one -> one.name().equals(name))
            .findFirst().orElseThrow(), List.of(), temporary);
        return bench;
    }

    /** The same numbers as ONNX Runtime in the agent's own process, of a network with depthwise convolutions, and latencies. */
    private void runsTheSentinel(CommandBench of) throws Exception {
        Task conditions = Task.newBuilder().setProvider(of.name()).setThreads(1).build();
        byte[] onnx = SentinelModel.CORE.form(false).onnx();
        Task timed = SentinelModel.CORE.task(conditions).toBuilder().setRules(RULES).build();
        RuntimeOffer offer = of.tried(timed, onnx);
        assertThat(offer.getName()).isEqualTo(of.name());
        assertThat(offer.getProvidersList()).containsExactly(of.name());
        assertThat(offer.getVersion()).matches("\\d+\\.\\d+\\.\\d+-[0-9a-f]{8}");
        assertThat(offer.getWithoutOutputs()).isFalse();

        Slice slice = of.slice(timed, onnx, () -> false);
        assertThat(slice.getRuntime().getVersion()).isEqualTo(offer.getVersion());
        assertThat(slice.getSamplesNanosCount()).isGreaterThanOrEqualTo(5);
        assertThat(slice.getWarmupRuns()).isGreaterThanOrEqualTo(2);
        assertThat(slice.getTiming()).isEqualTo("as its command tells");
        // a network of a million multiplications is no empty call: a runtime that remembers its last answer takes a microsecond
        assertThat(slice.getSamplesNanosList()).allMatch(nanos -> nanos > 20_000);

        Task numbers = timed.toBuilder().clearRules().setReturnOutputs(true).build();
        ModelOutput given = of.slice(numbers, onnx, () -> false).getOutputs(0);
        ModelOutput expected;
        try (ProcessBench onnxRuntime = new ProcessBench(List.of())) {
            expected = onnxRuntime.slice(numbers.toBuilder().setProvider("cpu").build(), onnx, () -> false).getOutputs(0);
        }
        assertThat(given.getShapeList()).isEqualTo(expected.getShapeList());
        assertThat(given.getName()).isEqualTo(expected.getName());
        FloatBuffer left = floats(given);
        FloatBuffer right = floats(expected);
        for (int i = 0; i < right.remaining(); i++) {
            assertThat(left.get(i)).isCloseTo(right.get(i), within(1e-4f));
        }
    }

    private static FloatBuffer floats(ModelOutput output) {
        return output.getLittleEndianFloats().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    @Test
    void openCvGivesLatenciesAndTheNumbersOfOnnxRuntime() throws Exception {
        OtherRuntimes.assumeOpenCv();
        runsTheSentinel(own("opencv", null));
    }

    @Test
    void nodeGivesLatenciesAndTheNumbersOfOnnxRuntime() throws Exception {
        runsTheSentinel(own("onnxruntime-node", OtherRuntimes.assumeNodeModules()));
    }

    /** OpenCV has no operator of this name; it says so in its own words. */
    @Test
    void whatARuntimeCannotDoFailsWithItsOwnReason() throws Exception {
        OtherRuntimes.assumeOpenCv();
        CommandBench openCv = own("opencv", null);
        assertThatThrownBy(() -> openCv.slice(task().setProvider("opencv").build(), TinyOnnx.endless(4), () -> false))
            .isInstanceOf(TaskFailure.class).hasMessageStartingWith("runtime opencv: ").hasMessageContaining("OpenCV");
        assertThat(openCv.slice(task().setProvider("opencv").build(), TinyOnnx.relu(4), () -> false).getSamplesNanosCount()).isPositive();
    }

    @Test
    void aPrintedReportIsRead() throws Exception {
        Slice slice = slice(printing("sleep 0.2\n" + HUNDRED_RUNS, ""));

        assertThat(slice.getSamplesNanosList()).hasSize(100).allMatch(nanos -> nanos == MS);
        assertThat(slice.getSamplingNanos()).isEqualTo(100 * MS);
        // all the rest of its life is its own start
        assertThat(slice.getSessionNanos()).isGreaterThan(99 * MS);
        assertThat(slice.getRunDelayNanos()).isEqualTo(-1);
        assertThat(slice.getSteady()).isFalse();
    }

    @Test
    void aSlowCommandTellsTheSameLatencies() throws Exception {
        Slice slice = slice(printing("sleep 1.5\n" + HUNDRED_RUNS, ""));

        assertThat(slice.getSamplesNanosList()).hasSize(100).allMatch(nanos -> nanos == MS);
        assertThat(slice.getSessionNanos()).isGreaterThan(1300 * MS);
    }

    @Test
    void aCommandThatHangsIsEnded() throws Exception {
        fails(script("sleep 10000 & sleep 10000", "limit: 1 s"), "did not end within 1 s");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "kill -SEGV $$                       | the native runtime crashed (SIGSEGV) while running this model",
        "kill -KILL $$                       | the process was killed (SIGKILL)",
        "echo first >&2; echo last >&2; exit 3 | ended with status 3 (last)",
        "exit 4                              | ended with status 4 (it said nothing)",
        "true                                | it left no file report (expected: one)",
        "ln -s /etc/hostname \"$2\"            | it left no file report (expected: one)",
        "mkfifo \"$2\"                         | it left no file report (expected: one)",
        "echo 42 > \"$2\"                      | its report begins with \"42\" (expected: what report: lutra says)",
        "printf '\\000\\001\\377' > \"$2\"       | its report begins with",
        "echo '{\"latencies\":[3]}' > \"$2\"     | its report has the unit none (expected: ns, us, ms or s)",
        "echo '{\"unit\":\"h\",\"latencies\":[3]}' > \"$2\" | its report has the unit h (expected: ns, us, ms or s)",
        "echo '{\"unit\":\"ms\",\"latencies\":[]}' > \"$2\" | it tells no latency (expected: at least one)",
        "echo '{\"unit\":\"ms\",\"latencies\":[-3]}' > \"$2\" | its report has a latency of -3.0 (expected: more than 0)",
        "echo '{\"unit\":\"ms\",\"latencies\":[NaN]}' > \"$2\" | its report has a latency of NaN (expected: more than 0)",
        "echo '{\"unit\":\"ms\",\"latencies\":{}}' > \"$2\" | its report begins with",
        "echo '{\"error\":\"no such operator\"}' > \"$2\" | runtime own: no such operator"})
    void whatCannotBeAReportFailsTheTaskInOneLine(String script, String reason) throws Exception {
        fails(script(script, ""), reason);
    }

    @Test
    void latenciesInAnotherUnitThanTheyAreSaidToBeInAreNotBelieved() throws Exception {
        // a hundred runs of what it calls a millisecond would have taken longer than it lived
        fails(printing(HUNDRED_RUNS.replace("\"ns\"", "\"us\""), ""), "it tells of 100.000000 s of runs, but took ");
        bench.close();
        // and of what it calls a nanosecond would be over long before the slice is
        fails(printing(HUNDRED_RUNS.replace("1000000", "1000"), ""), "it tells of 100 runs that took 0.000100 s together, asked for 0.020000 s");
    }

    @Test
    void outputWithoutAnEndIsNotKept() throws Exception {
        fails(script("yes & sleep 100", "limit: 1 s"), "did not end within 1 s");
    }

    @Test
    void aTaskThatNobodyWantsAnyMoreEndsItsCommand() throws Exception {
        CommandBench hanging = script("sleep 10000", "");
        AtomicBoolean abandoned = new AtomicBoolean();
        new Thread(() -> {
            while (ProcessHandle.current().descendants().noneMatch(child -> child.info().commandLine().orElse("").contains("10000"))) {
                Thread.onSpinWait();
            }
            abandoned.set(true);
        }).start();
        assertThatThrownBy(() -> hanging.slice(task().build(), TinyOnnx.relu(4), abandoned::get)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void placeholdersAreFilledInAndOutputsOfAnotherFolderRefused() throws Exception {
        CommandBench echo = printing("echo \"$2 $3 $4 $5\" >&2; test -s \"$1\" || echo 'no model' >&2; exit 9", "");
        assertThatThrownBy(() -> echo.slice(task().setThreads(3).build(), TinyOnnx.relu(4), () -> false))
            .hasMessage("runtime own: ended with status 9 (3 0.02 1 5)");
        echo.close();

        CommandBench liar = script(
            "echo '{\"unit\":\"ms\",\"latencies\":[50],\"outputs\":[{\"name\":\"y\",\"shape\":[1],\"file\":\"../../mounts\"}]}' > \"$2\"; sleep 0.1",
            "");
        assertThatThrownBy(() -> liar.tried(task().build(), TinyOnnx.relu(4)))
            .hasMessage("runtime own: output y: ../../mounts (expected: a file in its folder)");
    }

    @Test
    void aModelIsPreparedOnceAndWhatCameOfItIsLoadedFromThen() throws Exception {
        Files.writeString(folder.resolve("prepare.sh"), "cp \"$1\" \"$2\"; echo prepared >> \"$2\"; sleep 0.3");
        CommandBench prepared = printing("tail -n 1 \"$1\" | grep -q prepared || exit 7; sleep 0.2\n" + HUNDRED_RUNS,
            "prepare: [sh, ./prepare.sh, \"{model}\", \"{prepared}\"]");
        // the command gets what was prepared
        Files.writeString(folder.resolve("runtimes.yaml"),
            Files.readString(folder.resolve("runtimes.yaml")).replace("./command.sh, \"{model}\"", "./command.sh, \"{prepared}\""));
        prepared.close();
        bench = new CommandBench(RuntimesFile.read(folder.resolve("runtimes.yaml")).get(0), List.of(), temporary);

        assertThat(slice(bench).getSessionNanos()).isGreaterThan(390 * MS);
        Files.writeString(folder.resolve("prepare.sh"), "exit 8");
        assertThat(slice(bench).getSamplesNanosCount()).isEqualTo(100);
        assertThatThrownBy(() -> bench.slice(task().build(), TinyOnnx.add(4), () -> false))
            .hasMessage("runtime own: ended with status 8 (it said nothing)");
    }

    @Test
    void whatACommandCannotBeAskedIsRefused() throws Exception {
        CommandBench own = printing(HUNDRED_RUNS, "");
        assertThatThrownBy(() -> own.slice(task().putProviderOptions("x", "y").build(), TinyOnnx.relu(4), () -> false))
            .hasMessage("runtime own: options [x] (expected: none; its owner configures it)");
        assertThatThrownBy(() -> own.slice(task().setLoad(Load.newBuilder().setRequestsPerSecond(1)).build(), TinyOnnx.relu(4), () -> false))
            .hasMessageStartingWith("runtime own: no latency under load");
        assertThatThrownBy(() -> own.slice(task().setReturnOutputs(true).build(), TinyOnnx.relu(4), () -> false))
            .hasMessageStartingWith("runtime own: its command gives no outputs");
        assertThat(own.memory(task().build(), TinyOnnx.relu(4), () -> false)).isEmpty();
    }

    /** The command is its owner's, the model a stranger's. */
    @Test
    void aCommandIsKeptFromTheRestOfTheDevice() throws Exception {
        Path secret = Files.writeString(Files.createDirectories(folder.resolve("home")).resolve("secret"), "42");
        CommandBench curious = script("cat " + secret + " >&2; echo; env | grep -c LUTRA_TOKEN >&2; exit 5", "");
        assumeThat(curious.protection()).isEqualTo("protected");
        fails(curious, "ended with status 5 (0)");
        curious.close();
        fails(script("cat " + secret + " && exit 6; exit 5", ""), "status 5");
        bench.close();
        // unless its owner lets it
        fails(script("cat " + secret + " && exit 6; exit 5", "protection: none"), "status 6");
        assertThat(bench.protection()).isEqualTo("unprotected: its owner has it so");
    }
}

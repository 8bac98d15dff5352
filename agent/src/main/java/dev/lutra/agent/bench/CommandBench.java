package dev.lutra.agent.bench;

import com.google.protobuf.ByteString;
import dev.lutra.agent.command.Ask;
import dev.lutra.agent.command.CommandRuntime;
import dev.lutra.agent.command.Report;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Memory;
import dev.lutra.proto.ModelOutput;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.TaskLimits;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Runs models through a command that the device's owner has configured, a process a slice. What the command says is looked at before
 * anything is reckoned with it: a command that hangs, crashes, says nothing that can be read or tells times that cannot be fails its task.
 */
public final class CommandBench implements Bench {

    /** What runs are told of has to come to this share of the time that was asked for: units are a thousand apart. */
    private static final double LEAST_SHARE = 0.1;
    private static final int MOST_REPORT_BYTES = 64 << 20;
    /** Models prepared and kept for their next slices. */
    private static final int MOST_PREPARED = 256;

    private final CommandRuntime runtime;
    private final List<Integer> cores;
    private final ScratchFolder scratch;
    private final Protection protection;
    private final Map<String, Path> prepared = new LinkedHashMap<>(16, 0.75f, true);
    private String version = "";
    private boolean givesOutputs;

    /**
     * @param cores that the command is confined to; empty: all
     * @param temporary where its folder lies
     */
    public CommandBench(CommandRuntime runtime, List<Integer> cores, Path temporary) {
        this.runtime = runtime;
        this.cores = List.copyOf(cores);
        scratch = ScratchFolder.open(temporary);
        protection = runtime.isProtected() ? Protection.find(scratch, runtime.visible()) : Protection.none("its owner has it so");
    }

    public String name() {
        return runtime.name();
    }

    /** As {@link ProcessBench#protection}. */
    public String protection() {
        return protection.description();
    }

    /**
     * Asks the command for its version and tries it with a model.
     *
     * @param trial a task with rules, for this runtime
     * @param onnx its model
     * @return what the device can offer
     * @throws TaskFailure if it does not work here
     */
    public RuntimeOffer tried(Task trial, byte[] onnx) throws InterruptedException {
        CommandRuntime.Version told = runtime.version();
        version = runtime.versionOf(told.command().isEmpty()
            ? told.text()
            : run(told.command(), runtime.limit(), () -> false).output().lines().findFirst().orElse(""));
        slice(trial, onnx, () -> false);
        givesOutputs = runtime.report().canHaveOutputs()
            && !run(trial.toBuilder().clearRules().setReturnOutputs(true).build(), onnx, () -> false).report().outputs().isEmpty();
        return RuntimeOffer.newBuilder().setName(runtime.name()).setVersion(version).addProviders(runtime.name())
            .setWithoutOutputs(!givesOutputs).build();
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
        requirePossible(task);
        Ran ran = run(task, onnx, abandoned);
        Slice slice = slice(task, ran);
        SliceCheck.problem(SliceReply.newBuilder().setSlice(slice).build(), task, limit(task).toNanos()).ifPresent(problem -> {
            throw failure("it gave " + problem);
        });
        return slice;
    }

    private void requirePossible(Task task) {
        if (task.hasLoad()) {
            throw failure("no latency under load (expected: a provider of ONNX Runtime; a command decides itself when a model runs)");
        }
        if (task.getProviderOptionsCount() > 0) {
            throw failure("options " + task.getProviderOptionsMap().keySet() + " (expected: none; its owner configures it)");
        }
        if (task.getReturnOutputs() && !givesOutputs) {
            throw failure("its command gives no outputs (expected: a task that asks for none)");
        }
    }

    /** @param nanos that the command took, by the clock on the wall */
    private record Ran(Report report, List<ModelOutput> outputs, long nanos) {}

    private Ran run(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        try {
            scratch.emptyWork();
            Ask ask = new Ask(task, scratch.work());
            ask.write();
            Files.write(ask.model(), onnx);
            long preparing = prepare(ask, onnx, abandoned);
            CommandProcess.Ended ended = run(ask.command(runtime), limit(task), abandoned);
            Report report = read(runtime.reportsInFile() ? file(ask.report(), MOST_REPORT_BYTES) : ended.output());
            requirePlausible(task, report, ended.nanos());
            return new Ran(report, task.getReturnOutputs() ? outputs(ask, report) : List.of(), preparing + ended.nanos());
        } catch (IOException e) {
            throw new UncheckedIOException(scratch.work() + ": " + FileTrouble.reason(scratch.work(), e), e);
        } catch (TaskFailure e) {
            throw e.getMessage().startsWith(prefix()) ? e : failure(e.getMessage());
        }
    }

    private Report read(String text) {
        return runtime.report().read(text);
    }

    /** Prepares the model, once, and puts what came of it where the command expects it. */
    private long prepare(Ask ask, byte[] onnx, BooleanSupplier abandoned) throws IOException, InterruptedException {
        if (runtime.prepare().isEmpty()) {
            return 0;
        }
        String key = Sha256.of(onnx) + "-" + ask.task().getThreads();
        Path known = prepared.get(key);
        if (known != null) {
            Files.copy(known, ask.prepared());
            return 0;
        }
        CommandProcess.Ended ended = run(ask.prepare(runtime), runtime.prepareLimit(), abandoned);
        if (!Files.isRegularFile(ask.prepared(), LinkOption.NOFOLLOW_LINKS)) {
            throw failure("preparing left no file {prepared} (expected: one)");
        }
        Path kept = Files.createDirectories(scratch.folder().resolve("prepared")).resolve(key);
        Files.copy(ask.prepared(), kept, LinkOption.NOFOLLOW_LINKS);
        prepared.put(key, kept);
        if (prepared.size() > MOST_PREPARED) {
            String oldest = prepared.keySet().iterator().next();
            Files.deleteIfExists(prepared.remove(oldest));
        }
        return ended.nanos();
    }

    private CommandProcess.Ended run(List<String> command, Duration limit, BooleanSupplier abandoned) throws InterruptedException {
        try {
            Files.createDirectories(scratch.work());
            CommandProcess.Ended ended = CommandProcess.run(command, cores, protection, scratch.work(), limit, abandoned);
            ended.problem().ifPresent(problem -> {
                throw failure(problem);
            });
            return ended;
        } catch (IOException e) {
            throw failure("does not start: " + TaskFailure.oneLine(String.valueOf(e.getMessage())));
        }
    }

    /** Times that do not fit the clock on the wall are not in the unit that they are said to be in. */
    private void requirePlausible(Task task, Report report, long wallNanos) {
        if (report.runsNanos() + report.warmUpNanos() > wallNanos) {
            throw failure("it tells of " + seconds(report.runsNanos() + report.warmUpNanos()) + " of runs, but took "
                + seconds(wallNanos) + " in all (expected: times in their unit)");
        }
        MeasureRules rules = task.getRules();
        if (task.hasRules() && report.samplesNanos().length == 0) {
            throw failure("it tells no latency (expected: at least one)");
        }
        if (task.hasRules() && report.runsNanos() < LEAST_SHARE * rules.getSliceNanos()) {
            throw failure("it tells of " + report.runs() + " runs that took " + seconds(report.runsNanos()) + " together, asked for "
                + seconds(rules.getSliceNanos()) + " of them (expected: a tenth of that at least, times in their unit)");
        }
    }

    private static String seconds(double nanos) {
        return String.format("%.6f s", nanos / 1e9);
    }

    private Slice slice(Task task, Ran ran) {
        Report report = ran.report();
        Slice.Builder slice = Slice.newBuilder()
            .setRuntime(Runtime.newBuilder().setName(runtime.name()).setVersion(version).setProvider(task.getProvider())
                .setThreads(task.getThreads()))
            .setRunDelayNanos(-1).addAllPinnedCores(cores).setTiming(report.of()).addAllOutputs(ran.outputs());
        if (task.hasRules()) {
            long sampling = Math.round(report.runsNanos());
            slice.setSamplingNanos(sampling).setWarmupNanos(report.warmUpNanos()).setWarmupRuns(report.warmUpRuns())
                .setSteady(report.isSteady()).setSessionNanos(Math.max(0, ran.nanos() - sampling - report.warmUpNanos()));
            for (long sample : report.samplesNanos()) {
                slice.addSamplesNanos(sample);
            }
        }
        return slice.build();
    }

    private List<ModelOutput> outputs(Ask ask, Report report) throws IOException {
        long left = TaskLimits.MOST_OUTPUT_BYTES;
        List<ModelOutput> outputs = new ArrayList<>();
        for (Report.Output output : report.outputs()) {
            Path file = ask.work().resolve(output.file()).normalize();
            if (!file.startsWith(ask.work())) {
                throw failure("output " + output.name() + ": " + output.file() + " (expected: a file in its folder)");
            }
            byte[] values = bytes(file, left);
            left -= values.length;
            outputs.add(ModelOutput.newBuilder().setName(output.name()).addAllShape(output.shape())
                .setLittleEndianFloats(ByteString.copyFrom(values)).build());
        }
        if (outputs.isEmpty()) {
            throw failure("its report has no outputs (expected: the model's)");
        }
        return outputs;
    }

    private String file(Path file, long most) throws IOException {
        return new String(bytes(file, most), StandardCharsets.UTF_8);
    }

    /** A model may have taken the command over: what it leaves is a file and no link, pipe or device. */
    private byte[] bytes(Path file, long most) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw failure("it left no file " + file.getFileName() + " (expected: one)");
        }
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            byte[] bytes = in.readNBytes(Math.toIntExact(most + 1));
            if (bytes.length > most) {
                throw failure(file.getFileName() + ": more than " + most + " bytes (expected: fewer)");
            }
            return bytes;
        }
    }

    private Duration limit(Task task) {
        MeasureRules rules = task.getRules();
        return runtime.limit().plusNanos(rules.getMaxWarmupNanos() + rules.getSliceNanos());
    }

    private String prefix() {
        return "runtime " + runtime.name() + ": ";
    }

    private TaskFailure failure(String reason) {
        return new TaskFailure(prefix() + reason);
    }

    /** A command's memory holds its own start, which is not told apart. */
    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) {
        return Optional.empty();
    }

    @Override
    public boolean takesEveryForm(Task task) {
        return false;
    }

    @Override
    public void renew() {
        // Every slice has a process of its own.
    }

    @Override
    public void renewForMemory() {
        // As above.
    }

    @Override
    public void close() {
        scratch.close();
    }
}

package dev.lutra.agent.bench;

import ai.onnxruntime.OrtEnvironment;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.SliceRequest;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TaskLimits;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.StandardProtocolFamily;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One {@link Worker} from its parent's side. */
final class WorkerProcess {

    /** Only what a worker needs, found at once: no logging, gRPC or command line is loaded in it. */
    private static final List<Path> CLASS_PATH = Stream
        .of(Worker.class, SliceRequest.class, MessageLite.class, OrtEnvironment.class).map(WorkerProcess::origin).toList();

    private static final List<String> JVM_FLAGS = List.of(
        // One collector thread. The young generation holds what nearly 20 000 calls of ONNX Runtime leave behind (680 bytes
        // each) and is touched beforehand, so that samples contain hardly a collection and no page fault. The limit is room
        // for the largest model (2 GiB, protobuf's own limit), its outputs and what is made of them: address space, not memory.
        "-XX:+UseSerialGC", "-Xms32m", "-Xmn16m", "-Xmx8g", "-XX:+AlwaysPreTouch",
        // The Java part of a run is small. The quick compiler is done with it after a moment of warm-up, the optimizing one
        // would compete for the cores while samples are taken. One thread, there from the start for ProcessProbe to tell.
        "-XX:TieredStopAtLevel=1", "-XX:CICompilerCount=1", "-Xshare:auto",
        // No statistics file in the system's temporary folder, which the JVM writes to now and then.
        "-XX:-UsePerfData",
        // A crash is expected, reported in one line, and leaves nothing behind.
        "-XX:-CreateCoredumpOnCrash", "-XX:ErrorLogTimeout=10");

    private static final String RUNTIME_PROPERTIES = "onnxruntime.";
    private static final String RUNTIME_PATH = "onnxruntime.native.path";
    /** The third line or so of a JVM's crash report: {@code #  SIGSEGV (0xb) at pc=0x00007f…}. */
    private static final Pattern CRASH = Pattern.compile("^#\\s+([A-Z][A-Z_]+) \\(0x", Pattern.MULTILINE);
    private static final int CRASH_BYTES = 1 << 12;
    /** Outputs, samples of up to ten bytes each, and a MiB for all the rest. */
    private static final int MOST_REPLY_BYTES = TaskLimits.MOST_OUTPUT_BYTES + 10 * TaskLimits.MOST_SAMPLES + (1 << 20);

    private final List<Integer> cores;
    private final Process process;
    private final ServerSocketChannel door;
    private final Path doorFile;
    private final Path crashReport;
    private final Set<Task> open = new HashSet<>();
    private volatile SocketChannel channel;

    private WorkerProcess(List<Integer> cores, Process process, ServerSocketChannel door, Path doorFile, Path crashReport) {
        this.cores = cores;
        this.process = process;
        this.door = door;
        this.doorFile = doorFile;
        this.crashReport = crashReport;
        // A worker that ends before it has connected lets nobody wait for it.
        process.onExit().thenRun(() -> closeQuietly(door));
    }

    /**
     * Starts a worker.
     *
     * @param scratch the agent's; the worker gets an empty folder in it
     * @param cores to be confined to; empty: all
     * @param protection what keeps it from the rest of the device
     * @param allocatesPlainly whether settings of the system's memory allocator are left out
     * @throws InputException if it cannot be confined to cores here
     */
    static WorkerProcess start(ScratchFolder scratch, List<Integer> cores, Protection protection, boolean allocatesPlainly) {
        Path doorFile = scratch.work().resolve("door");
        Path crashReport = scratch.work().resolve("crash");
        ServerSocketChannel door = null;
        try {
            scratch.emptyWork();
            door = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(doorFile));
            List<String> command = new ArrayList<>();
            if (!cores.isEmpty()) {
                command.addAll(List.of("taskset", "-c", list(cores)));
            }
            command.addAll(protection.command(java(scratch, doorFile, crashReport)));
            ProcessBuilder builder = new ProcessBuilder(command).directory(scratch.work().toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.INHERIT);
            ChildEnvironment.keepIn(builder.environment(), allocatesPlainly);
            // not by -cp: a long command line crashes ONNX Runtime 1.29 on Linux
            builder.environment().put("CLASSPATH", CLASS_PATH.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
            return new WorkerProcess(cores, builder.start(), door, doorFile, crashReport);
        } catch (IOException e) {
            closeQuietly(door);
            throw notStarted(cores, e.getMessage());
        }
    }

    /** Where a process is to be confined to cores, taskset is what starts, or does not start, first. */
    private static RuntimeException notStarted(List<Integer> cores, String reason) {
        return cores.isEmpty()
            ? new IllegalStateException("the measuring process does not start: " + reason)
            : new InputException("cores " + list(cores) + ": " + reason
                + " (expected: cores of this machine, and taskset on its PATH)");
    }

    /** What a worker has to see beside its folder and the system. */
    static List<Path> needs(ScratchFolder scratch) {
        List<Path> needs = new ArrayList<>(CLASS_PATH);
        needs.add(Path.of(System.getProperty("java.home")));
        needs.add(scratch.runtime());
        Stream.of(System.getProperty(RUNTIME_PATH), System.getenv("LD_LIBRARY_PATH"), System.getenv("LD_PRELOAD"))
            .filter(Objects::nonNull).flatMap(paths -> Stream.of(paths.split("[: ]"))).filter(path -> path.startsWith("/"))
            .map(Path::of).forEach(needs::add);
        return needs;
    }

    private static List<String> java(ScratchFolder scratch, Path doorFile, Path crashReport) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_FLAGS);
        command.add("-XX:ErrorFile=" + crashReport);
        command.add("-Djava.io.tmpdir=" + scratch.work());
        command.add("-D" + RUNTIME_PATH + "=" + scratch.runtime());
        System.getProperties().stringPropertyNames().stream().filter(name -> name.startsWith(RUNTIME_PROPERTIES))
            .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.add(Worker.class.getName());
        command.add(doorFile.toString());
        return command;
    }

    private static String list(List<Integer> cores) {
        return cores.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /** The jar or folder that a class came from. */
    static Path origin(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(type + " comes from " + e.getInput(), e);
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Whether it has come as far as taking requests. */
    boolean hasConnected() {
        return channel != null;
    }

    /** Whether a session of a task stays open in it, so that it need not be sent the model again. */
    boolean hasOpen(Task task) {
        return open.contains(task);
    }

    void opened(Task task) {
        open.add(task);
    }

    /**
     * Sends a request and waits for its reply; empty if the process ended instead.
     *
     * @param onnx the model; empty where a session of the task is open
     * @throws ProtocolException if what it says has no length that a reply may have
     * @throws InvalidProtocolBufferException if it is no reply
     */
    Optional<SliceReply> exchange(SliceRequest request, byte[] onnx) throws ProtocolException, InvalidProtocolBufferException {
        byte[] reply;
        try {
            if (channel == null) {
                channel = door.accept();
                closeQuietly(door);
                Files.deleteIfExists(doorFile);
            }
            Frames.write(channel, request);
            Frames.write(channel, onnx);
            reply = Frames.read(channel, MOST_REPLY_BYTES);
        } catch (ProtocolException e) {
            throw e;
        } catch (IOException e) {
            return Optional.empty();
        }
        return reply == null ? Optional.empty() : Optional.of(SliceReply.parseFrom(reply));
    }

    /**
     * Why the process ended instead of answering, in words.
     *
     * @throws InputException if it could not be confined to its cores
     * @throws IllegalStateException if it never came as far as a model
     */
    TaskFailure ending() throws InterruptedException {
        if (!process.waitFor(ProcessTree.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            return new TaskFailure("the measuring process hung up while running this model");
        }
        if (channel == null) {
            throw notStarted(cores, "it ended with status " + process.exitValue() + "; its own words are on standard error");
        }
        return new TaskFailure(ending(process.exitValue(), crashSignal()));
    }

    /** A JVM ends a crash with an abort of its own, so only its report knows the signal. A model may have put something else in its place. */
    private Optional<String> crashSignal() {
        if (!Files.isRegularFile(crashReport, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try (InputStream report = Files.newInputStream(crashReport, LinkOption.NOFOLLOW_LINKS)) {
            Matcher matcher = CRASH.matcher(new String(report.readNBytes(CRASH_BYTES), StandardCharsets.UTF_8));
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static String ending(int status, Optional<String> crash) {
        String signal = crash.orElse(switch (status - 128) {
            case 4 -> "SIGILL";
            case 6 -> "SIGABRT";
            case 7 -> "SIGBUS";
            case 8 -> "SIGFPE";
            case 11 -> "SIGSEGV";
            default -> "";
        });
        if (!signal.isEmpty()) {
            return "the native runtime crashed (" + signal + ") while running this model";
        }
        if (status == 128 + 9) {
            return "the process was killed (SIGKILL) while running this model, as a system short of memory does";
        }
        return "the native runtime ended the process with status " + status + " while running this model";
    }

    /** Ends an idle process: by a goodbye, by force if that takes long. */
    void end() {
        SocketChannel open = channel;
        if (open != null) {
            List<ProcessHandle> started = process.descendants().toList();
            try {
                Frames.write(open, SliceRequest.getDefaultInstance());
                if (process.waitFor(ProcessTree.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    started.forEach(ProcessHandle::destroyForcibly);
                    closeQuietly(open);
                    return;
                }
            } catch (IOException e) {
                // It has ended by itself.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        kill();
    }

    /** Ends the process, and what it has started, whatever it does. */
    void kill() {
        ProcessTree.kill(process);
        closeQuietly(channel);
    }

    private static void closeQuietly(AutoCloseable channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (Exception e) {
            // Nothing more can be done with it, and nothing depends on it.
        }
    }
}

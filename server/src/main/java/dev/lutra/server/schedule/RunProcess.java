package dev.lutra.server.schedule;

import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.folder.RunFolder;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The process of a run: this program's own, in the run's folder, with a heap of its own. It ends with the server. */
public final class RunProcess {

    /** A command of this program that no person calls. */
    public static final String COMMAND = "servers-run";

    /** The experiment file, as it was submitted. */
    public static final String EXPERIMENT = "experiment.yaml";
    private static final String LOG = "run.log";
    private static final String MAIN = "dev.lutra.server.cli.Main";
    /** What a debugger or a profiler of the server's has no use for twice. */
    private static final String OF_THE_SERVER_ALONE = "-agentlib:.*|-agentpath:.*|-javaagent:.*|-Xrun.*|-XX:.*(File|Path)=.*";
    private static final int MOST_LAST_BYTES = 1 << 16;
    private static final String ERROR = "lutra: ";

    private final Process process;
    private final PrintStream orders;
    private final Path log;
    private final long logBegan;

    private RunProcess(Process process, Path log, long logBegan) {
        this.process = process;
        this.log = log;
        this.logBegan = logBegan;
        this.orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    /** Told what a process says, and that it has ended. */
    interface Listener {

        void said(String line);

        void ended(int code);
    }

    /** Whether a process may work in a run's folder: none is left of an earlier life. */
    static boolean isFree(Path folder) {
        try (RunFolder.Lock free = new RunFolder(folder).lock()) {
            return true;
        } catch (InputException e) {
            return false;
        }
    }

    /**
     * Starts the process.
     *
     * @param experiment text of its file
     * @param folder of the run
     * @param server the server's folder, which has its address and a token
     * @param heap as -Xmx takes it, or empty
     */
    static RunProcess start(StoredRun run, String experiment, Path folder, Path server, String heap, Listener listener) {
        Path log = folder.resolve(LOG);
        try {
            PrivateFiles.folder(folder);
            AtomicFile.write(folder.resolve(EXPERIMENT), experiment);
            InputFile.requireRegularOrNone(log);
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(argument -> !argument.matches(OF_THE_SERVER_ALONE))
                .forEach(command::add);
            if (!heap.isEmpty()) {
                command.add("-Xmx" + heap);
            }
            command.addAll(List.of(MAIN, COMMAND, folder.toString(), "--server", server.toString(), "--run", Long.toString(run.id()),
                "--priority", Integer.toString(run.priority())));
            ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
            // An archive of class data is of one class path, and a long one as an argument is more than ONNX Runtime bears.
            builder.environment().put("CLASSPATH", classPath());
            builder.environment().remove("LUTRA_TOKEN");
            long logBegan = Files.exists(log) ? Files.size(log) : 0;
            RunProcess started = new RunProcess(builder.start(), log, logBegan);
            started.watch(listener, run.id());
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException("run " + run.id() + ": its process does not start: " + FileTrouble.reason(e), e);
        }
    }

    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(part -> Path.of(part).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    }

    private void watch(Listener listener, long id) {
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    listener.said(line);
                }
            } catch (IOException e) {
                // it was killed: there is nothing more to read
            }
            listener.ended(exitCode());
        }, "run-" + id);
        reader.setDaemon(true);
        reader.start();
    }

    private int exitCode() {
        boolean interrupted = false;
        while (true) {
            try {
                int code = process.waitFor();
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return code;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    /** Says something to the process. */
    void tell(String order) {
        orders.println(order);
    }

    /** Has it keep what it is at and end. */
    void stop() {
        process.destroy();
    }

    void kill() {
        process.destroyForcibly();
    }

    /** The one line that it ended with, as its log has it; or what it ended with. */
    String failure(int code) {
        try (FileChannel file = FileChannel.open(log)) {
            ByteBuffer last = ByteBuffer.allocate((int) Math.min(MOST_LAST_BYTES, Math.max(0, file.size() - logBegan)));
            file.read(last, file.size() - last.capacity());
            return new String(last.array(), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith(ERROR)).reduce((before, line) -> line)
                .map(line -> line.substring(ERROR.length())).orElse("its process ended with " + code + " (" + log + " says more)");
        } catch (IOException e) {
            return "its process ended with " + code + " (" + FileTrouble.reason(log, e) + ")";
        }
    }
}

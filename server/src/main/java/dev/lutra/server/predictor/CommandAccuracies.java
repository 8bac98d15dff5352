package dev.lutra.server.predictor;

import dev.lutra.InputException;
import dev.lutra.search.AccuracySource;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.Architecture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;
import java.util.stream.Stream;

/**
 * Accuracies that a program of the user's finds: it is started with an exported file as its last argument and prints a number in its last
 * line. Several run at a time; each is a process of its own, which ends with this one.
 */
public final class CommandAccuracies implements AccuracySource {

    /** What a program may have to say, of which the end is told. */
    private static final int TOLD_CHARACTERS = 300;
    private static final String PREFIX = "candidate-";
    private static final int MOST_BYTES = 1 << 20;

    private final Experiment.Command command;
    private final Path directory;
    private final Path scratch;
    private final BiConsumer<Architecture, Path> export;

    /**
     * @param directory that the program runs in
     * @param scratch a folder for files while they are evaluated, made if it is not there
     * @param export writes a network as an ONNX file; called by several threads
     */
    public CommandAccuracies(Experiment.Command command, Path directory, Path scratch, BiConsumer<Architecture, Path> export) {
        this.command = command;
        this.directory = directory;
        this.scratch = scratch;
        this.export = export;
    }

    /**
     * @throws InputException if the program cannot be started, takes too long, fails, or its last line is no accuracy
     */
    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        record Result(Architecture architecture, double accuracy) {}

        ExecutorService threads = Executors.newFixedThreadPool(command.atOnce());
        CompletionService<Result> evaluating = new ExecutorCompletionService<>(threads);
        try {
            Files.createDirectories(scratch);
            clear();
            List<Future<Result>> all = new ArrayList<>();
            for (Architecture architecture : architectures) {
                all.add(evaluating.submit(() -> new Result(architecture, evaluate(architecture))));
            }
            for (int i = 0; i < all.size(); i++) {
                Result result = evaluating.take().get();
                found.accept(result.architecture(), result.accuracy());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while candidates were evaluated");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e.getCause());
        } catch (IOException e) {
            throw new UncheckedIOException(scratch + ": cannot be written: " + e.getMessage(), e);
        } finally {
            threads.shutdownNow(); // whoever waits for a program ends it
            awaitEnd(threads);
        }
    }

    /** Takes away what a life of this run left that was killed. */
    private void clear() throws IOException {
        try (Stream<Path> left = Files.list(scratch)) {
            for (Path file : left.filter(each -> each.getFileName().toString().startsWith(PREFIX)).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void awaitEnd(ExecutorService threads) {
        try {
            threads.awaitTermination(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private double evaluate(Architecture architecture) throws IOException, InterruptedException {
        Path file = Files.createTempFile(scratch, PREFIX, ".onnx");
        Path said = Files.createTempFile(scratch, PREFIX, ".out");
        Path complained = Files.createTempFile(scratch, PREFIX, ".err");
        try {
            export.accept(architecture, file);
            List<String> words = new ArrayList<>(command.words());
            words.add(file.toAbsolutePath().toString());
            run(words, said, complained, architecture);
            return accuracy(tail(said), architecture);
        } finally {
            for (Path each : List.of(file, said, complained)) {
                Files.deleteIfExists(each);
            }
        }
    }

    private void run(List<String> words, Path said, Path complained, Architecture architecture) throws IOException, InterruptedException {
        Process process = start(new ProcessBuilder(words).directory(directory.toFile()).redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(said.toFile()).redirectError(complained.toFile()));
        try {
            if (!process.waitFor(command.timeLimit().toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(architecture, "still runs after " + command.timeLimit().toSeconds() + " s (accuracy.time-limit)", complained);
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            throw failed(architecture, "exit code " + process.exitValue(), complained);
        }
    }

    private Process start(ProcessBuilder program) throws IOException {
        try {
            return program.start();
        } catch (IOException e) {
            throw new InputException("accuracy.command: " + command.words().get(0) + " cannot be started: " + e.getMessage(), e);
        }
    }

    private static InputException failed(Architecture architecture, String what, Path complained) throws IOException {
        String last = lastLine(tail(complained));
        return new InputException("accuracy.command: " + what + " at " + architecture + (last.isEmpty() ? "" : ": " + last));
    }

    private double accuracy(String text, Architecture architecture) {
        String last = lastLine(text);
        double unit = command.unit().share();
        try {
            double accuracy = Double.parseDouble(last) * unit;
            if (accuracy >= 0 && accuracy <= 1) {
                return accuracy;
            }
        } catch (NumberFormatException e) {
            // told below, with what was printed
        }
        throw new InputException("accuracy.command: its last line is '" + last + "' at " + architecture + " (expected: a number from 0 to "
            + Math.round(1 / unit) + "; 'unit' says whether they are shares or percents)");
    }

    private static String lastLine(String text) {
        String last = text.strip().lines().reduce("", (one, other) -> other).strip();
        return last.substring(Math.max(0, last.length() - TOLD_CHARACTERS));
    }

    /** The end of a file, however long it is. */
    private static String tail(Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            channel.position(Math.max(0, channel.size() - MOST_BYTES));
            ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until it is full or at the end
            }
            return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        }
    }
}

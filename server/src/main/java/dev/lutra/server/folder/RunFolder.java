package dev.lutra.server.folder;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.server.outcome.NetworkFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * Where a run keeps everything it finds; deleting it forgets the run.
 *
 * @param root the folder
 */
public record RunFolder(Path root) {

    private static final int NAME_DIGITS = 16;

    /** Candidates, tasks and their outcomes. */
    public Path database() {
        return root.resolve("lutra.db");
    }

    /** Models that agents fetch, by content. */
    public Path models() {
        return root.resolve("models");
    }

    /** The experiment file, as it was when the run was opened last. */
    public Path experiment() {
        return root.resolve("experiment.json");
    }

    /** Files of candidates while a command of the user's evaluates them. */
    public Path evaluated() {
        return root.resolve("evaluated");
    }

    /** The same, as it was when the front was found. */
    public Path searched() {
        return root.resolve("searched.json");
    }

    public Path checkpoint() {
        return root.resolve("supernet.safetensors");
    }

    /** The space that training has shrunk the experiment's to, if it has. */
    public Path shrunkSpace() {
        return root.resolve("shrunk-space.yaml");
    }

    public Path tables() {
        return root.resolve("lut");
    }

    /** The Pareto front; the same name with .csv and .svg holds it for spreadsheets and eyes. */
    public Path front() {
        return root.resolve("front.json");
    }

    public Path exports() {
        return root.resolve("export");
    }

    /** What the agents found out about the exported files. */
    public Path verification() {
        return root.resolve("verification.json");
    }

    /**
     * Where a network that is trained by itself belongs. Weights of the time before each had a folder of its own are moved there.
     *
     * @param training its fingerprint
     */
    public NetworkFolder retrained(String training) {
        String name = training.substring(0, NAME_DIGITS);
        NetworkFolder network = new NetworkFolder(root.resolve("retrain").resolve(name));
        Path formerly = root.resolve("retrained-" + name + ".safetensors");
        try {
            Files.createDirectories(network.root());
            if (Files.exists(formerly) && !Files.exists(network.weights())) {
                Files.move(formerly, network.weights());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(network.root() + ": cannot be made: " + FileTrouble.reason(network.root(), e), e);
        }
        return network;
    }

    /** What happened in the run, a line of JSON an event. */
    public Path metrics() {
        return root.resolve("metrics.jsonl");
    }

    /** What is under way while a process works on the run. */
    public Path progress() {
        return root.resolve("progress.json");
    }

    public Path report() {
        return root.resolve("report.html");
    }

    public Path agentLog() {
        return root.resolve("agent.log");
    }

    /**
     * Makes the folder and keeps other processes out until the lock is closed or this process ends.
     *
     * @throws InputException if another process works in it, or it is no folder
     */
    public Lock lock() {
        if (Files.exists(root) && !Files.isDirectory(root)) {
            throw InputException.in(root, "a file (expected: a folder)");
        }
        try {
            Files.createDirectories(root);
            InputFile.requireRegularOrNone(root.resolve("lock"));
            FileChannel channel = FileChannel.open(root.resolve("lock"), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                PrivateFiles.attributes());
            PrivateFiles.close(root.resolve("lock"));
            if (channel.tryLock() == null) {
                channel.close();
                throw InputException.in(root, "another lutra process works in this folder (expected: one at a time)");
            }
            return new Lock(root, channel);
        } catch (OverlappingFileLockException e) {
            throw new InputException(root + ": this process already works in this run folder", e);
        } catch (IOException e) {
            throw new UncheckedIOException(root + ": cannot be used as a run folder: " + FileTrouble.reason(root, e), e);
        }
    }

    /** Keeps other processes out of a run's folder until it is closed. */
    public record Lock(Path root, FileChannel channel) implements AutoCloseable {

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(root + ": its lock cannot be released: " + FileTrouble.reason(e), e);
            }
        }
    }
}

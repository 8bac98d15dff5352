package dev.lutra.server.cluster;

import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CancellationException;

/**
 * Keeps a training to one thread at a time, of whatever machine: a cluster begins a task twice where the first seems slow or lost, and of two that train
 * the same network the later one would write an earlier checkpoint over the other's. A process that ends lets go.
 */
final class TrainingLock implements AutoCloseable {

    private static final long LOOK_MILLIS = 200;
    /** Of this process, between whose threads a file's lock does not stand. */
    private static final Set<Path> HELD = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    private TrainingLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Waits until nobody else has the training. Where the file system has no locks, machines do not wait for each other.
     *
     * @param weights file of the training
     * @throws CancellationException if this thread is interrupted meanwhile
     * @throws UncheckedIOException if no file can be made beside it
     */
    static TrainingLock await(Path weights) {
        Path file = file(weights);
        InputFile.requireRegularOrNone(file);
        awaitThreads(file);
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            while (isHeldElsewhere(channel)) {
                Thread.sleep(LOOK_MILLIS);
            }
            return new TrainingLock(file, channel);
        } catch (InterruptedException | ClosedByInterruptException e) {
            release(file, channel);
            throw interrupted(file);
        } catch (IOException e) {
            release(file, channel);
            throw new UncheckedIOException(file + ": cannot be locked: " + FileTrouble.reason(file, e), e);
        }
    }

    /** What is locked while a training has this file; once it has ended, nobody needs it. */
    static Path file(Path weights) {
        return weights.toAbsolutePath().resolveSibling(weights.getFileName() + ".lock");
    }

    private static void awaitThreads(Path file) {
        synchronized (HELD) {
            while (!HELD.add(file)) {
                try {
                    HELD.wait();
                } catch (InterruptedException e) {
                    throw interrupted(file);
                }
            }
        }
    }

    private static CancellationException interrupted(Path file) {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted while another had " + file);
    }

    private static boolean isHeldElsewhere(FileChannel channel) throws ClosedByInterruptException {
        try {
            return channel.tryLock() == null;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) { // there are no locks
            return false;
        }
    }

    private static void release(Path file, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be released: " + FileTrouble.reason(file, e), e);
        } finally {
            synchronized (HELD) {
                HELD.remove(file);
                HELD.notifyAll();
            }
        }
    }

    @Override
    public void close() {
        release(file, channel);
    }
}

package dev.lutra.data.pixel;

import dev.lutra.InputFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Makes what several processes want by one of them, for which the others wait. */
public final class OneAtATime {

    private OneAtATime() {}

    /** What one process at a time does. */
    @FunctionalInterface
    public interface Work<T> {
        T done() throws IOException;
    }

    /**
     * @param file what is made, in a folder that is made if it is not there; beside it lies the lock
     */
    public static <T> T alone(Path file, Work<T> work) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        synchronized (OneAtATime.class) { // a file lock holds between processes, not between threads
            Path lockPath = file.resolveSibling(file.getFileName() + ".lock");
            InputFile.requireRegularOrNone(lockPath);
            try (FileChannel lockFile = FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.lock()) {
                return work.done();
            }
        }
    }
}

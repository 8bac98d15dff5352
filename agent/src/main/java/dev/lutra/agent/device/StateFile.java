package dev.lutra.agent.device;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A small file of an agent's state folder, where others may have put something else. */
public final class StateFile {

    private static final int MOST_BYTES = 1 << 20;

    private StateFile() {}

    /**
     * Its text.
     *
     * @throws NoSuchFileException if it is not there
     * @throws IOException saying what is there instead, or why it cannot be read
     */
    public static String read(Path file) throws IOException {
        requireRegularOrNone(file);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new IOException("more than " + MOST_BYTES + " bytes (expected: a small file)");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        }
    }

    /** A pipe would be waited for. */
    public static void requireRegularOrNone(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("a folder, a pipe or a device (expected: a regular file)");
        }
    }
}

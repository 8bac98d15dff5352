package dev.lutra;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Files that somebody gave: regular ones only, and none larger than what they are for can be. */
public final class InputFile {

    private static final int MEBI = 1 << 20;

    private InputFile() {}

    /**
     * Checks that a file can be read to its end: pipes and devices may have none.
     *
     * @throws InputException if it is not there, or is a folder, a pipe or a device
     */
    public static void requireRegular(Path file) {
        if (Files.isRegularFile(file)) {
            return;
        }
        if (Files.isDirectory(file)) {
            throw InputException.in(file, "a folder (expected: a file)");
        }
        throw InputException.in(file, Files.exists(file) ? "a pipe or a device (expected: a regular file)" : "no such file");
    }

    /**
     * Checks a file that is made where it is not there yet.
     *
     * @throws InputException if it is there and is a folder, a pipe or a device
     */
    public static void requireRegularOrNone(Path file) {
        if (Files.exists(file)) {
            requireRegular(file);
        }
    }

    /**
     * Reads a whole file.
     *
     * @param mostBytes how large it may be
     * @throws InputException if it is not a regular file, is larger, or cannot be read
     */
    public static byte[] bytes(Path file, int mostBytes) {
        requireRegular(file);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(mostBytes);
            if (bytes.length == mostBytes && in.read() >= 0) {
                String most = mostBytes >= MEBI ? mostBytes / MEBI + " MiB" : mostBytes + " bytes";
                throw InputException.in(file, "more than " + most + " (expected: a smaller file; is it the right one?)");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new InputException(file + ": no such file", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** What to tell of a file or folder that cannot be read. */
    public static InputException unreadable(Path file, IOException e) {
        return new InputException(file + ": cannot be read: " + reason(e), e);
    }

    /** Why, without the file's name, which messages of the file system's exceptions begin with, or are no more than. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e instanceof FileSystemException known && known.getReason() != null ? known.getReason() : e.getMessage();
    }

    /**
     * Reads a text file in UTF-8, without the byte order mark that some editors put before it.
     *
     * @param mostBytes how large it may be
     * @throws InputException if it is not a regular file, is larger, cannot be read, or is in another encoding, naming the line
     */
    public static String text(Path file, int mostBytes) {
        byte[] bytes = bytes(file, mostBytes);
        int mark = bytes.length < 2 ? 0 : (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF;
        if (mark == 0xFFFE || mark == 0xFEFF) {
            throw InputException.in(file, "text in UTF-16 (expected: UTF-8)");
        }
        ByteBuffer content = ByteBuffer.wrap(bytes);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(content).toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            int line = 1;
            for (int i = 0; i < content.position(); i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw new InputException(file + ":" + line + ": not UTF-8 (expected: text in UTF-8)", e);
        }
    }
}

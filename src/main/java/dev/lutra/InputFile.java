package dev.lutra;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

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
        problem(file).ifPresent(problem -> {
            throw InputException.in(file, problem);
        });
    }

    /** What is in the place of a file that can be read to its end, and what was expected; empty where one is. */
    public static Optional<String> problem(Path file) {
        try {
            return problem(Files.readAttributes(file, BasicFileAttributes.class));
        } catch (NoSuchFileException e) {
            return Optional.of("no such file");
        } catch (IOException e) {
            return Optional.of("cannot be read: " + FileTrouble.reason(e));
        }
    }

    private static Optional<String> problem(BasicFileAttributes attributes) {
        if (attributes.isRegularFile()) {
            return Optional.empty();
        }
        return Optional.of(attributes.isDirectory() ? "a folder (expected: a file)" : "a pipe or a device (expected: a regular file)");
    }

    /**
     * As {@link #requireRegular}, for who tells what is wrong with a file from trouble that passes.
     *
     * @throws InputException if it is a folder, a pipe or a device
     * @throws IOException if it is not there, or nothing can be told of it now
     */
    public static void requireRegularNow(Path file) throws IOException {
        problem(Files.readAttributes(file, BasicFileAttributes.class)).ifPresent(problem -> {
            throw InputException.in(file, problem);
        });
    }

    /**
     * Checks that a file is not larger than what it is for can be, before any of it is read.
     *
     * @throws InputException if it is
     */
    public static void requireAtMost(Path file, long mostBytes) throws IOException {
        if (Files.size(file) > mostBytes) {
            throw tooLarge(file, mostBytes);
        }
    }

    private static InputException tooLarge(Path file, long mostBytes) {
        String most = mostBytes >= MEBI ? mostBytes / MEBI + " MiB" : mostBytes + " bytes";
        return InputException.in(file, "more than " + most + " (expected: a smaller file; is it the right one?)");
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
        try {
            return read(file, mostBytes);
        } catch (NoSuchFileException e) {
            throw new InputException(file + ": no such file", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /**
     * As {@link #bytes}, for who tells what is wrong with a file from trouble that passes.
     *
     * @throws InputException if it is not a regular file, or is larger
     * @throws IOException if it is not there, or cannot be read now
     */
    public static byte[] read(Path file, int mostBytes) throws IOException {
        requireRegularNow(file);
        requireAtMost(file, mostBytes);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(mostBytes);
            if (bytes.length == mostBytes && in.read() >= 0) { // some of the system's own files say that they are empty
                throw tooLarge(file, mostBytes);
            }
            return bytes;
        }
    }

    /** What to tell of a file or folder that cannot be read. */
    public static InputException unreadable(Path file, IOException e) {
        return new InputException(file + ": cannot be read: " + FileTrouble.reason(e), e);
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

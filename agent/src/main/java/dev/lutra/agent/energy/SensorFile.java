package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Reads files of sysfs, which hold one number or name each. */
final class SensorFile {

    private SensorFile() {}

    /** @throws IOException naming the file, if it cannot be read or holds no whole number of at least 0 */
    static long number(Path file) throws IOException {
        return number(file, 0, "a number of at least 0");
    }

    /** @throws IOException naming the file, if it cannot be read or holds no whole number */
    static long signed(Path file) throws IOException {
        return number(file, Long.MIN_VALUE, "a whole number");
    }

    private static long number(Path file, long least, String expected) throws IOException {
        String text = text(file);
        try {
            long number = Long.parseLong(text);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IOException(file + ": '" + text + "' (expected: " + expected + ")");
    }

    /** @throws IOException naming the file, if it cannot be read */
    static String text(Path file) throws IOException {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IOException(file + ": " + (Files.exists(file) ? "may not be read" : "is not there"), e);
        }
    }

    /** Folders or files of a folder whose names match, in order; none where it is not there. */
    static List<Path> in(Path folder, String pattern) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
            files.forEach(found::add);
        } catch (IOException e) {
            return List.of();
        }
        Collections.sort(found);
        return found;
    }
}

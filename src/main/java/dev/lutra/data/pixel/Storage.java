package dev.lutra.data.pixel;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;

/** A folder of files on this machine or elsewhere, such as an object store. Safe for several threads at once. */
public interface Storage {

    /** How this program comes to file systems of other machines: those that are on the class path. */
    interface Provider {

        /**
         * @param address with its scheme: {@code hdfs://host/folder}
         * @throws InputException if there is no such file system, or it cannot be reached
         */
        Storage open(String address);
    }

    /** {@code scheme:/…}; a letter alone is a drive. */
    Pattern ADDRESS = Pattern.compile("[a-z][a-z0-9+.-]+:/.*");

    /** The scheme of paths of this machine. */
    String HERE = "file:";

    /** Whether a text is an address, and no path. */
    static boolean isAddress(String text) {
        return ADDRESS.matcher(text).matches();
    }

    /**
     * The folder of a path, or of an address. Nothing is made of it yet.
     *
     * @throws InputException if it is the address of a file system that is not there
     */
    static Storage of(String text) {
        if (!isAddress(text)) {
            return new LocalStorage(Path.of(text));
        }
        if (text.startsWith(HERE)) {
            return new LocalStorage(Path.of(text.substring(HERE.length()).replaceFirst("^//(?=/)", "")));
        }
        return ServiceLoader.load(Provider.class, Provider.class.getClassLoader()).findFirst()
            .orElseThrow(() -> new InputException(text + ": this program is without Hadoop's file systems (expected: started by ./lutra, with "
                + "--spark or the address in a line of the experiment; docs/reference/spark.md)"))
            .open(text);
    }

    /** The names of its files; none where the folder is not there. */
    Set<String> names() throws IOException;

    /** In bytes. */
    long size(String name) throws IOException;

    /** Reads a file from its beginning; to skip is cheap. */
    InputStream open(String name) throws IOException;

    /**
     * Writes a file that is there whole or not at all, in place of what was there, with the folders it lies in: under a name of its own, then
     * moved.
     *
     * @throws IOException if it cannot be written; its message names the file
     */
    void write(String name, AtomicFile.Content content) throws IOException;

    /**
     * The same of a file whose name says what is in it: one that is there by the time it is moved stays, as somebody may read it.
     */
    void add(String name, AtomicFile.Content content) throws IOException;

    void delete(String name) throws IOException;

    /** A file's path, where this machine can map it into memory. */
    Optional<Path> path(String name);
}

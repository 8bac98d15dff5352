package dev.lutra.spark;

import dev.lutra.AtomicFile;
import dev.lutra.data.pixel.Storage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A folder in a file system of Hadoop's. Nothing of it can be mapped: what is to be is copied. */
final class HadoopStorage implements Storage {

    private final FileSystem files;
    private final Path folder;

    HadoopStorage(FileSystem files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    @Override
    public Set<String> names() throws IOException {
        try {
            Set<String> names = new HashSet<>();
            for (FileStatus file : files.listStatus(folder)) {
                names.add(file.getPath().getName());
            }
            return names;
        } catch (FileNotFoundException e) {
            return Set.of();
        } catch (IOException e) {
            throw trouble(folder, "read", e);
        }
    }

    @Override
    public long size(String name) throws IOException {
        try {
            return files.getFileStatus(at(name)).getLen();
        } catch (IOException e) {
            throw trouble(at(name), "read", e);
        }
    }

    @Override
    public InputStream open(String name) throws IOException {
        try {
            return files.open(at(name));
        } catch (IOException e) {
            throw trouble(at(name), "read", e);
        }
    }

    @Override
    public void write(String name, AtomicFile.Content content) throws IOException {
        put(name, content, false);
    }

    @Override
    public void add(String name, AtomicFile.Content content) throws IOException {
        put(name, content, true);
    }

    /** A stream that is closed is a file, whatever it has; so it is moved to its place only when nothing has gone wrong. */
    private void put(String name, AtomicFile.Content content, boolean isSameAsThere) throws IOException {
        Path unfinished = at("." + name + "." + UUID.randomUUID() + ".tmp");
        try {
            files.mkdirs(folder);
            try (OutputStream out = files.create(unfinished)) {
                content.writeTo(out);
            }
            // not every file system puts a file in the place of another
            if (!files.rename(unfinished, at(name)) && !(isSameAsThere && files.exists(at(name)))) {
                files.delete(at(name), false);
                if (!files.rename(unfinished, at(name))) {
                    throw new IOException("it cannot be moved there");
                }
            }
        } catch (IOException e) {
            throw trouble(at(name), "written", e);
        } finally {
            forget(unfinished);
        }
    }

    /** It is gone already, but for what went wrong, which is told instead. */
    private void forget(Path unfinished) {
        try {
            files.delete(unfinished, false);
        } catch (IOException e) {
            // whoever prepares the images next removes it
        }
    }

    @Override
    public void delete(String name) throws IOException {
        files.delete(at(name), false);
    }

    @Override
    public Optional<java.nio.file.Path> path(String name) {
        return Optional.empty();
    }

    private Path at(String name) {
        return new Path(folder, name);
    }

    private static IOException trouble(Path file, String what, IOException e) {
        return new IOException(file + ": cannot be " + what + ": " + Failure.reason(e), e);
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}

package dev.lutra.data.pixel;

import dev.lutra.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A folder that this machine has, or has mounted. */
record LocalStorage(Path folder) implements Storage {

    @Override
    public Set<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        } catch (NoSuchFileException e) {
            return Set.of();
        }
    }

    @Override
    public long size(String name) throws IOException {
        return Files.size(folder.resolve(name));
    }

    @Override
    public InputStream open(String name) throws IOException {
        return Files.newInputStream(folder.resolve(name));
    }

    @Override
    public void write(String name, AtomicFile.Content content) throws IOException {
        try {
            AtomicFile.write(folder.resolve(name), content);
        } catch (UncheckedIOException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void add(String name, AtomicFile.Content content) throws IOException {
        write(name, content); // who reads the one that was there keeps it
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public Optional<Path> path(String name) {
        return Optional.of(folder.resolve(name));
    }

    @Override
    public String toString() {
        return folder.toString();
    }
}

package dev.lutra.server.store;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** Model files in a folder, each under the SHA-256 of its content. A file that is there is whole. */
public final class ModelStore {

    /** Largest model: 1 GiB, half of what a protobuf message (an ONNX file is one) can hold. */
    public static final long MAX_BYTES = 1L << 30;

    private static final String PART_PREFIX = "upload-";
    private static final String PART_SUFFIX = ".part";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    private final Path folder;
    private final Patience patience;

    /** As {@link #ModelStore(Path, Patience)}, telling nobody of trouble but who stores something. */
    public ModelStore(Path folder) {
        this(folder, new Patience(line -> {}));
    }

    /**
     * Opens a folder that nobody else works in, and deletes what an earlier owner that was killed has half received.
     *
     * @param patience says once that a model could not be stored
     * @throws InputException when there is no such folder and none can be made
     */
    public ModelStore(Path folder, Patience patience) {
        this.patience = patience;
        try {
            this.folder = PrivateFiles.folder(folder);
            sweep(folder);
        } catch (IOException e) {
            throw new InputException(folder + ": no folder can be made here (" + FileTrouble.reason(folder, e) + ")", e);
        }
    }

    /** How many models in a folder were being received when their receiver ended. */
    static int halfReceived(Path folder) throws IOException {
        try (DirectoryStream<Path> parts = parts(folder)) {
            return (int) StreamSupport.stream(parts.spliterator(), false).count();
        }
    }

    private static DirectoryStream<Path> parts(Path folder) throws IOException {
        return Files.newDirectoryStream(folder, PART_PREFIX + "*" + PART_SUFFIX);
    }

    private static void sweep(Path folder) throws IOException {
        try (DirectoryStream<Path> parts = parts(folder)) {
            for (Path part : parts) {
                Files.deleteIfExists(part);
            }
        }
    }

    /**
     * The file of a stored model.
     *
     * @param sha256 lower-case hex
     */
    public Optional<Path> find(String sha256) {
        // the pattern also keeps a caller from naming files elsewhere
        return Optional.of(sha256).filter(name -> SHA256.matcher(name).matches()).map(this::file).filter(Files::exists);
    }

    /** Stores a model and returns its SHA-256. */
    public String put(byte[] model) {
        try (Upload upload = receive()) {
            upload.write(model);
            return upload.store();
        }
    }

    /** Begins to store a model that comes in parts. */
    public Upload receive() {
        return new Upload();
    }

    private RuntimeException failed(IOException e) {
        Optional<StorageException> trouble = StorageException.of(folder, e);
        trouble.ifPresent(told -> patience.met(told.getMessage()));
        return trouble.isPresent() ? trouble.get() : new UncheckedIOException(e);
    }

    private Path file(String sha256) {
        return folder.resolve(sha256 + ".onnx");
    }

    /** A model on its way in. Closing it before {@link #store} leaves nothing behind. */
    public final class Upload implements AutoCloseable {

        private final MessageDigest digest = Sha256.digest();
        private final Path part;
        private final OutputStream out;
        private long bytes;

        private Upload() {
            try {
                part = Files.createTempFile(folder, PART_PREFIX, PART_SUFFIX);
                out = Files.newOutputStream(part);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        /** @throws InputException when the model grows beyond {@link #MAX_BYTES} */
        public void write(byte[] data) {
            bytes += data.length;
            if (bytes > MAX_BYTES) {
                throw new InputException("model: more than " + MAX_BYTES + " bytes");
            }
            digest.update(data);
            try {
                out.write(data);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        /** Ends the model and returns its SHA-256. */
        public String store() {
            String sha256 = Sha256.end(digest);
            try {
                out.close();
                try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                    channel.force(true); // or a power cut could leave the name without the content
                }
                Files.move(part, file(sha256), StandardCopyOption.ATOMIC_MOVE);
                AtomicFile.flushNames(folder); // or it could leave the content without the name
            } catch (IOException e) {
                throw failed(e);
            }
            patience.succeeded();
            return sha256;
        }

        @Override
        public void close() {
            try {
                out.close();
                Files.deleteIfExists(part);
            } catch (IOException e) {
                throw failed(e);
            }
        }
    }
}

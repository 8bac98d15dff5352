package dev.lutra.data;

import dev.lutra.data.image.RgbImage;
import dev.lutra.identity.Sha256;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Decodes a source into a {@link PixelFile}, unless that has been done. It is written beside its place and moved there
 * when it is whole, by one process at a time.
 */
final class PixelFileWriter {

    private final Listing listing;
    private final StoredSize storedSize;
    private final String sourceName;
    private final String key;
    private final DataProgress progress;

    /**
     * @param sourceName for {@code progress}
     * @param key names source and stored size; one key, one file
     */
    PixelFileWriter(Listing listing, StoredSize storedSize, String sourceName, String key, DataProgress progress) {
        this.listing = listing;
        this.storedSize = storedSize;
        this.sourceName = sourceName;
        this.key = key;
        this.progress = progress;
    }

    /**
     * @param folder made if it is not there
     */
    PixelFile openOrWrite(Path folder) throws IOException {
        Path file = folder.resolve("images-" + Sha256.of(key).substring(0, 16) + ".pixels");
        String fingerprint = fingerprint();
        Optional<PixelFile> existing = PixelFile.open(file, fingerprint);
        if (existing.isPresent()) {
            return existing.get();
        }
        Files.createDirectories(folder);
        synchronized (PixelFileWriter.class) { // a file lock holds between processes, not between threads
            try (FileChannel lockFile = FileChannel.open(file.resolveSibling(file.getFileName() + ".lock"),
                StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.lock()) {
                Optional<PixelFile> writtenMeanwhile = PixelFile.open(file, fingerprint);
                if (writtenMeanwhile.isPresent()) {
                    return writtenMeanwhile.get();
                }
                write(file, fingerprint);
            }
        }
        return PixelFile.open(file, fingerprint).orElseThrow(() -> new IOException(file + ": not readable after writing"));
    }

    private void write(Path file, String fingerprint) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 20)) {
                write(out, fingerprint);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private void write(OutputStream out, String fingerprint) throws IOException {
        MessageDigest content = Sha256.digest();
        content.update(contentNames().getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream sizes = new ByteArrayOutputStream();
        DataOutputStream sizeFields = new DataOutputStream(sizes);
        long pixelBytes = 0;
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService decoders = Executors.newFixedThreadPool(threads, Threads.named("lutra-decode"));
        try {
            Deque<Future<RgbImage>> ahead = new ArrayDeque<>();
            for (int submitted = 0, done = 0; done < listing.size(); done++) {
                while (submitted < listing.size() && ahead.size() < 16 * threads) {
                    int image = submitted++;
                    ahead.add(decoders.submit(() -> storedSize.fit(listing.read(image))));
                }
                RgbImage image = get(ahead.remove());
                out.write(image.pixels());
                content.update(image.pixels());
                sizeFields.writeInt(image.width());
                sizeFields.writeInt(image.height());
                pixelBytes += image.pixels().length;
                progress.decoded(sourceName, done + 1, listing.size());
            }
        } finally {
            decoders.shutdownNow();
        }
        writeIndex(out, fingerprint, Sha256.end(content), sizes.toByteArray(), pixelBytes);
    }

    private void writeIndex(OutputStream out, String fingerprint, String contentHash, byte[] sizes, long pixelBytes)
        throws IOException {
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(index);
        fields.writeUTF(fingerprint);
        fields.writeUTF(contentHash);
        fields.writeInt(listing.size());
        fields.write(sizes);
        out.write(index.toByteArray());
        out.write(ByteBuffer.allocate(PixelFile.TRAILER_BYTES)
            .putLong(pixelBytes).putLong(PixelFile.crc(index.toByteArray())).putLong(PixelFile.MAGIC).array());
    }

    private static RgbImage get(Future<RgbImage> decoded) throws IOException {
        try {
            return decoded.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while images were decoded");
        }
    }

    /** Changes when a file of the source is added, removed or touched. */
    String fingerprint() {
        MessageDigest digest = Sha256.digest();
        digest.update((key + "\n").getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < listing.size(); i++) {
            digest.update((line(i) + "\t" + listing.modifiedMillis(i) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return Sha256.end(digest);
    }

    private String contentNames() {
        StringBuilder names = new StringBuilder();
        IntStream.range(0, listing.size()).mapToObj(this::line).sorted().forEach(line -> names.append(line).append('\n'));
        return names.toString();
    }

    private String line(int image) {
        return listing.name(image) + "\t" + listing.bytes(image) + "\t" + listing.classes().get(listing.label(image));
    }
}

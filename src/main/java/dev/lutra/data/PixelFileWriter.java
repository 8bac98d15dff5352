package dev.lutra.data;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.source.Listing;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Decodes a source into a {@link PixelFile}, unless that has been done. It is written beside its place and moved there
 * when it is whole, by one process at a time. Images that an earlier file has, and that were not touched since, are taken
 * from it.
 */
final class PixelFileWriter {

    /** So many images that cannot be read are named, the rest is counted. */
    private static final int MOST_NAMED = 100;
    private static final int LONGEST_REASON = 1000;
    /** The fingerprint of no source: the file has what could be read of one. */
    private static final String INCOMPLETE = "";
    /** In the place of an image that cannot be read. */
    private static final RgbImage NOTHING = new RgbImage(0, 0, new byte[0]);

    /**
     * Why images could not be read, by their number.
     *
     * @param damaged what they will be the next time too
     * @param now for a reason that may be another the next time
     */
    private record Unread(SortedMap<Integer, String> damaged, SortedMap<Integer, String> now) {

        SortedMap<Integer, String> all() {
            SortedMap<Integer, String> all = new TreeMap<>(damaged);
            all.putAll(now);
            return all;
        }
    }

    private final Listing listing;
    private final StoredSize storedSize;
    private final String sourceName;
    private final String key;
    private final double corruptShare;
    private final DataProgress progress;

    /**
     * @param sourceName for {@code progress}
     * @param key names source and stored size; one key, one file
     * @param corruptShare share of the images, 0 to 1, that may be damaged, and are then left out
     */
    PixelFileWriter(Listing listing, StoredSize storedSize, String sourceName, String key, double corruptShare, DataProgress progress) {
        this.listing = listing;
        this.storedSize = storedSize;
        this.sourceName = sourceName;
        this.key = key;
        this.corruptShare = corruptShare;
        this.progress = progress;
    }

    /**
     * @param folder made if it is not there
     * @throws InputException naming every image that cannot be read, if more are damaged than may be, or one is kept from being read by
     *     what passes; the others are kept for the next time
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    PixelFile openOrWrite(Path folder) throws IOException {
        Path file = folder.resolve("images-" + Sha256.of(key).substring(0, 16) + ".pixels");
        String fingerprint = fingerprint();
        Optional<PixelFile> existing = whole(file, fingerprint);
        if (existing.isPresent()) {
            return existing.get();
        }
        Files.createDirectories(folder);
        synchronized (PixelFileWriter.class) { // a file lock holds between processes, not between threads
            Path lockPath = file.resolveSibling(file.getFileName() + ".lock");
            InputFile.requireRegularOrNone(lockPath);
            try (FileChannel lockFile = FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.lock()) {
                Optional<PixelFile> ofOther = whole(file, fingerprint);
                if (ofOther.isPresent()) {
                    return ofOther.get();
                }
                Optional<PixelFile> earlier = PixelFile.open(file);
                Unread unread = new Unread(new TreeMap<>(), new TreeMap<>());
                AtomicFile.write(file, out -> write(out, fingerprint, earlier, unread));
                requireEnoughRead(unread);
            }
        }
        return PixelFile.open(file).orElseThrow(() -> new IOException(file + ": not readable after writing"));
    }

    /** The file, if it is of these images and as many of them could be read as have to. */
    private Optional<PixelFile> whole(Path file, String fingerprint) throws IOException {
        return PixelFile.open(file).filter(images -> images.isOf(fingerprint) && images.missing().size() <= mostUnreadable());
    }

    private int mostUnreadable() {
        return (int) (corruptShare * listing.size());
    }

    /** What is learned must not depend on trouble that passes: images that only that kept away would be others after it. */
    private void requireEnoughRead(Unread unread) {
        if (isEnough(unread)) {
            return;
        }
        boolean onlyNow = unread.damaged().size() <= mostUnreadable() && corruptShare > 0;
        List<String> reasons = List.copyOf((onlyNow ? unread.now() : unread.all()).values());
        if (reasons.size() == 1 && corruptShare == 0) {
            throw new InputException(reasons.get(0));
        }
        String expected = onlyNow
            ? " now (expected: damaged ones, which data.corrupt leaves out, and no others)"
            : corruptShare > 0 ? " (expected: at most " + mostUnreadable() + ", by data.corrupt)" : "";
        int named = Math.min(MOST_NAMED, reasons.size());
        throw new InputException(sourceName + ": " + reasons.size() + " of " + listing.size() + " images cannot be read" + expected + ": "
            + String.join("; ", reasons.subList(0, named))
            + (named < reasons.size() ? "; and " + (reasons.size() - named) + " more" : ""));
    }

    private boolean isEnough(Unread unread) {
        return unread.now().isEmpty() && unread.damaged().size() <= mostUnreadable();
    }

    private void write(OutputStream out, String fingerprint, Optional<PixelFile> earlier, Unread unread)
        throws IOException {
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
                    ahead.add(decoders.submit(() -> decoded(image, earlier)));
                }
                RgbImage image = get(done, ahead.remove(), unread).orElse(NOTHING);
                out.write(image.pixels());
                content.update(image.pixels());
                sizeFields.writeInt(image.width());
                sizeFields.writeInt(image.height());
                sizeFields.writeLong(imageKey(done));
                pixelBytes += image.pixels().length;
                progress.decoded(sourceName, done + 1, listing.size());
            }
        } finally {
            decoders.shutdownNow();
        }
        for (int image : unread.all().keySet()) {
            content.update(("without " + line(image) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        writeIndex(out, isEnough(unread) ? fingerprint : INCOMPLETE, Sha256.end(content), sizes.toByteArray(), unread.all(), pixelBytes);
    }

    private RgbImage decoded(int image, Optional<PixelFile> earlier) throws IOException {
        OptionalInt known = earlier.map(images -> images.find(imageKey(image))).orElse(OptionalInt.empty());
        return known.isPresent() ? earlier.get().read(known.getAsInt()) : storedSize.fit(listing.read(image));
    }

    private void writeIndex(OutputStream out, String fingerprint, String contentHash, byte[] sizes,
        SortedMap<Integer, String> unreadable, long pixelBytes) throws IOException {
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(index);
        fields.writeUTF(fingerprint);
        fields.writeUTF(contentHash);
        fields.writeInt(sizes.length / PixelFile.IMAGE_BYTES);
        fields.write(sizes);
        fields.writeInt(unreadable.size());
        for (Map.Entry<Integer, String> image : unreadable.entrySet()) {
            fields.writeInt(image.getKey());
            fields.writeUTF(image.getValue().substring(0, Math.min(LONGEST_REASON, image.getValue().length())));
        }
        out.write(index.toByteArray());
        out.write(ByteBuffer.allocate(PixelFile.TRAILER_BYTES)
            .putLong(pixelBytes).putLong(PixelFile.crc(index.toByteArray())).putLong(PixelFile.MAGIC).array());
    }

    /** The image; empty if it cannot be read, which is then noted. */
    private Optional<RgbImage> get(int image, Future<RgbImage> decoded, Unread unread) throws IOException {
        try {
            return Optional.of(decoded.get());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InputException cause) {
                unread.damaged().put(image, cause.getMessage());
                return Optional.empty();
            }
            if (e.getCause() instanceof IOException cause) {
                String name = cause instanceof FileSystemException known && known.getFile() != null ? known.getFile() : listing.name(image);
                unread.now().put(image, name + ": cannot be read: " + FileTrouble.reason(cause));
                return Optional.empty();
            }
            if (e.getCause() instanceof OutOfMemoryError) {
                unread.now().put(image, listing.name(image) + ": does not fit into memory (expected: a smaller image, or a larger heap)");
                return Optional.empty();
            }
            throw new IllegalStateException(listing.name(image) + ": " + e.getCause(), e.getCause());
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
            digest.update((datedLine(i) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return Sha256.end(digest);
    }

    /** Changes when the image's file is touched. */
    private long imageKey(int image) {
        return ByteBuffer.wrap(Sha256.digest().digest(datedLine(image).getBytes(StandardCharsets.UTF_8))).getLong();
    }

    private String contentNames() {
        StringBuilder names = new StringBuilder();
        IntStream.range(0, listing.size()).mapToObj(this::line).sorted().forEach(line -> names.append(line).append('\n'));
        return names.toString();
    }

    private String datedLine(int image) {
        return line(image) + "\t" + listing.modifiedMillis(image);
    }

    private String line(int image) {
        return listing.name(image) + "\t" + listing.bytes(image) + "\t"
            + IntStream.of(listing.labels(image)).mapToObj(listing.classes()::get).collect(Collectors.joining("\t"));
    }
}

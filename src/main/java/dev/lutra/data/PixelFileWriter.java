package dev.lutra.data;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.data.pixel.OneAtATime;
import dev.lutra.data.pixel.PixelFile;
import dev.lutra.data.pixel.PixelIndex;
import dev.lutra.data.source.Listing;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Decodes a source into a {@link PixelFile}, unless that has been done. It is written beside its place and moved there
 * when it is whole, by one process at a time. Images that an earlier file has, and that were not touched since, are taken
 * from it.
 */
final class PixelFileWriter {

    /** The fingerprint of no source: the file has what could be read of one. */
    private static final String INCOMPLETE = "";
    /** In the place of an image that cannot be read. */
    private static final RgbImage NOTHING = new RgbImage(0, 0, new byte[0]);

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
        OneAtATime.alone(file, () -> {
            if (whole(file, fingerprint).isEmpty()) {
                Optional<PixelFile> earlier = PixelFile.open(file);
                Unread unread = new Unread(sourceName, listing.size(), corruptShare);
                AtomicFile.write(file, out -> write(out, Runtime.getRuntime().availableProcessors(), earlier, unread));
                unread.requireEnough();
            }
            return file;
        });
        return PixelFile.open(file).orElseThrow(() -> new IOException(file + ": not readable after writing"));
    }

    /** The file, if it is of these images and as many of them could be read as have to. */
    private Optional<PixelFile> whole(Path file, String fingerprint) throws IOException {
        return PixelFile.open(file).filter(images -> images.isOf(fingerprint)
            && images.missing().size() <= new Unread(sourceName, listing.size(), corruptShare).most());
    }

    /**
     * Writes all of a {@link PixelFile}, though images be unread.
     *
     * @param threads that decode
     * @param earlier a file whose images are taken if they are the same still
     * @param unread told which images could not be read
     */
    void write(OutputStream out, int threads, Optional<PixelFile> earlier, Unread unread) throws IOException {
        Content content = Content.of(listing);
        List<PixelIndex.Image> images = new ArrayList<>();
        long pixelBytes = 0;
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
                content.digest().update(image.pixels());
                images.add(new PixelIndex.Image(image.width(), image.height(), imageKey(done)));
                pixelBytes += image.pixels().length;
                progress.decoded(sourceName, done + 1, listing.size());
            }
        } finally {
            decoders.shutdownNow();
        }
        SortedMap<Integer, String> missing = unread.all();
        new PixelIndex(unread.isEnough() ? fingerprint() : INCOMPLETE, content.end(missing.keySet()), images, missing, pixelBytes).write(out);
    }

    private RgbImage decoded(int image, Optional<PixelFile> earlier) throws IOException {
        OptionalInt known = earlier.map(images -> images.find(imageKey(image))).orElse(OptionalInt.empty());
        return known.isPresent() ? earlier.get().read(known.getAsInt()) : storedSize.fit(listing.read(image));
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

    private String datedLine(int image) {
        return Content.line(listing, image) + "\t" + listing.modifiedMillis(image);
    }
}

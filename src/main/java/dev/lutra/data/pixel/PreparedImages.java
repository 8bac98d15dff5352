package dev.lutra.data.pixel;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.data.image.RgbImage;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** The images of a {@link PreparedSet}, mapped where they lie, or from copies where this machine cannot map them. */
public final class PreparedImages implements DecodedImages {

    private final PreparedSet set;
    private final List<PixelFile> shards;
    /** Number of the first image of each shard. */
    private final int[] first;

    private PreparedImages(PreparedSet set, List<PixelFile> shards) {
        this.set = set;
        this.shards = shards;
        first = new int[shards.size()];
        for (int i = 1; i < first.length; i++) {
            first[i] = first[i - 1] + shards.get(i - 1).size();
        }
    }

    /**
     * Opens a set. Copies are kept in a folder by the hash of their content; a process that ends on the way goes on behind the last whole one.
     *
     * @param cache the folder, made if need be
     * @param fetched told on the calling thread how many images are there, if they have to be copied
     * @throws InputException if a shard is not there, or not what the set says
     */
    public static PreparedImages open(Storage storage, PreparedSet set, Path cache, IntConsumer fetched) throws IOException {
        List<PixelFile> shards = new ArrayList<>();
        for (PreparedSet.Shard shard : set.shards()) {
            Optional<Path> path = storage.path(shard.name());
            if (path.isEmpty()) {
                return OneAtATime.alone(cache.resolve("prepared-" + set.contentHash().substring(0, 16)), () -> fetch(storage, set, cache, fetched));
            }
            shards.add(whole(PixelFile.open(path.get()), storage, shard));
        }
        return new PreparedImages(set, shards);
    }

    private static PreparedImages fetch(Storage storage, PreparedSet set, Path cache, IntConsumer fetched) throws IOException {
        List<Future<PixelFile>> copies = new ArrayList<>();
        List<PixelFile> shards = new ArrayList<>();
        try {
            set.shards().forEach(shard -> copies.add(ForkJoinPool.commonPool().submit(() -> copy(storage, shard, cache))));
            int images = 0;
            for (Future<PixelFile> copy : copies) {
                shards.add(copy.get());
                images += shards.get(shards.size() - 1).size();
                fetched.accept(images);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while images were fetched");
        } catch (ExecutionException e) {
            throw failure(e);
        } finally {
            copies.forEach(copy -> copy.cancel(true));
        }
        return new PreparedImages(set, shards);
    }

    private static IOException failure(ExecutionException e) {
        Throwable cause = e;
        while (cause.getCause() != null && !(cause instanceof InputException) && !(cause instanceof IOException)) {
            cause = cause.getCause();
        }
        if (cause instanceof InputException wrong) {
            throw wrong;
        }
        return cause instanceof IOException trouble ? trouble : new IOException(cause.toString(), cause);
    }

    private static PixelFile copy(Storage storage, PreparedSet.Shard shard, Path cache) throws IOException {
        Path file = cache.resolve(shard.sha256() + ".pixels");
        Optional<PixelFile> earlier = PixelFile.open(file);
        if (earlier.isPresent()) {
            return earlier.get();
        }
        MessageDigest digest = Sha256.digest();
        try {
            AtomicFile.write(file, out -> {
                try (InputStream in = new DigestInputStream(storage.open(shard.name()), digest)) {
                    in.transferTo(out);
                }
                if (!Sha256.end(digest).equals(shard.sha256())) {
                    throw wrong(storage, shard);
                }
            });
        } catch (UncheckedIOException e) {
            throw new IOException(e.getMessage(), e);
        }
        return whole(PixelFile.open(file), storage, shard);
    }

    private static PixelFile whole(Optional<PixelFile> file, Storage storage, PreparedSet.Shard shard) {
        return file.filter(found -> found.size() == shard.images()).orElseThrow(() -> wrong(storage, shard));
    }

    private static InputException wrong(Storage storage, PreparedSet.Shard shard) {
        return new InputException(storage + "/" + shard.name() + ": not the file that " + PreparedSet.NAME + " names (expected: as lutra prepare "
            + "wrote it, which makes it again if it is deleted)");
    }

    /**
     * Looks a shard through that has been written.
     *
     * @param pixels told all pixels in their order
     * @param images how many it has to have
     * @throws InputException if it is not whole
     */
    public static Seen see(Storage storage, String name, int images, MessageDigest pixels) throws IOException {
        long size = storage.size(name);
        Optional<PixelIndex> index = PixelIndex.read((from, length) -> range(storage, name, from, length), size);
        if (index.isEmpty() || index.get().images().size() != images) {
            throw wrong(storage, new PreparedSet.Shard(name, size, "", images));
        }
        MessageDigest file = Sha256.digest();
        try (InputStream in = new DigestInputStream(storage.open(name), file)) {
            byte[] buffer = new byte[1 << 16];
            long left = index.get().pixelBytes();
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    throw new EOFException(storage + "/" + name + ": it ends too early");
                }
                pixels.update(buffer, 0, read);
                left -= read;
            }
            in.transferTo(OutputStream.nullOutputStream());
        }
        return new Seen(new PreparedSet.Shard(name, size, Sha256.end(file), images), index.get());
    }

    /** A shard that has been looked through. */
    public record Seen(PreparedSet.Shard shard, PixelIndex index) {}

    /** Some bytes of a file. */
    private static byte[] range(Storage storage, String name, long from, int length) throws IOException {
        try (InputStream in = storage.open(name)) {
            in.skipNBytes(from);
            byte[] bytes = in.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException(storage + "/" + name + ": " + FileTrouble.reason(new EOFException()));
            }
            return bytes;
        }
    }

    /**
     * Reads one image without opening the set.
     *
     * @throws IOException if it cannot be read now
     */
    public static RgbImage read(Storage storage, PreparedSet set, int image) throws IOException {
        int shard = 0;
        int begin = 0;
        while (image >= begin + set.shards().get(shard).images()) {
            begin += set.shards().get(shard++).images();
        }
        PreparedSet.Image wanted = set.images().get(image);
        long from = set.images().subList(begin, image).stream().mapToLong(PreparedSet.Image::pixelBytes).sum();
        return new RgbImage(wanted.width(), wanted.height(),
            range(storage, set.shards().get(shard).name(), from, Math.toIntExact(wanted.pixelBytes())));
    }

    private int shard(int image) {
        int found = Arrays.binarySearch(first, image);
        return found >= 0 ? found : -found - 2;
    }

    @Override
    public int width(int image) {
        return set.images().get(image).width();
    }

    @Override
    public int height(int image) {
        return set.images().get(image).height();
    }

    @Override
    public RgbImage read(int image) {
        int shard = shard(image);
        return shards.get(shard).read(image - first[shard]);
    }

    @Override
    public String contentHash() {
        return set.contentHash();
    }

    @Override
    public SortedMap<Integer, String> missing() {
        return set.missing();
    }
}

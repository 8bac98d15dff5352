package dev.lutra.data.pixel;

import dev.lutra.data.image.RgbImage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * Decoded images in one memory-mapped file: the pixels of all images, by row, column and channel, then their {@link PixelIndex}. Mappings are
 * freed with this object.
 */
public final class PixelFile implements DecodedImages {

    /** A mapping has at most 2 GiB, so a large file has several. */
    private static final long MAPPING_BYTES = 1L << 30;

    private final PixelIndex index;
    private final Map<Long, Integer> images = new HashMap<>();
    private final long[] offsets;
    private final long mappingBytes;
    private final MappedByteBuffer[] mappings;

    private PixelFile(FileChannel channel, PixelIndex index, long mappingBytes) throws IOException {
        this.index = index;
        offsets = new long[index.images().size()];
        long offset = 0;
        long largest = 0;
        for (int i = 0; i < offsets.length; i++) {
            PixelIndex.Image image = index.images().get(i);
            if (image.width() > 0) {
                images.put(image.key(), i);
            }
            offsets[i] = offset;
            offset += image.bytes();
            largest = Math.max(largest, image.bytes());
        }
        this.mappingBytes = mappingBytes;
        mappings = new MappedByteBuffer[(int) ((offset + mappingBytes - 1) / mappingBytes)];
        for (int i = 0; i < mappings.length; i++) {
            long from = i * mappingBytes;
            // each reaches into the next by one image, so that none is cut
            mappings[i] = channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(mappingBytes + largest, offset - from));
        }
    }

    /** The file, if it is whole. */
    public static Optional<PixelFile> open(Path file) throws IOException {
        return open(file, MAPPING_BYTES);
    }

    /** The same with mappings of another size. */
    public static Optional<PixelFile> open(Path file, long mappingBytes) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file)) {
            Optional<PixelIndex> index = PixelIndex.read((from, length) -> read(channel, from, length), channel.size());
            return index.isEmpty() ? Optional.empty() : Optional.of(new PixelFile(channel, index.get(), mappingBytes));
        }
    }

    private static byte[] read(FileChannel channel, long from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes.array();
    }

    /** Whether it was made, whole, from what {@code fingerprint} stands for. */
    public boolean isOf(String fingerprint) {
        return index.fingerprint().equals(fingerprint);
    }

    /** Position of the image of a key. */
    public OptionalInt find(long key) {
        Integer image = images.get(key);
        return image == null ? OptionalInt.empty() : OptionalInt.of(image);
    }

    @Override
    public String contentHash() {
        return index.contentHash();
    }

    @Override
    public SortedMap<Integer, String> missing() {
        return index.missing();
    }

    @Override
    public int width(int image) {
        return index.images().get(image).width();
    }

    @Override
    public int height(int image) {
        return index.images().get(image).height();
    }

    @Override
    public RgbImage read(int image) {
        PixelIndex.Image wanted = index.images().get(image);
        byte[] pixels = new byte[wanted.bytes()];
        int mapping = (int) (offsets[image] / mappingBytes);
        mappings[mapping].get((int) (offsets[image] % mappingBytes), pixels);
        return new RgbImage(wanted.width(), wanted.height(), pixels);
    }

    /** How many images it has, those among them that could not be read. */
    int size() {
        return offsets.length;
    }

}

package dev.lutra.data;

import dev.lutra.data.image.RgbImage;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
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
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * Decoded images in one memory-mapped file: the pixels of all images, then an index, then a trailer that says where the
 * index begins. As the trailer comes last, a file that was cut off is recognised. Mappings are freed with this object.
 *
 * <p>Index: fingerprint and content hash (modified UTF-8), number of images, then width, height and key of each, both 0 for one
 * that could not be read; how many those are, then of each its number and the reason (modified UTF-8). Trailer: offset of the index, its
 * CRC-32, {@link #MAGIC}. All numbers big-endian.
 */
final class PixelFile {

    /** "LUTRAPX" and the version of the format; a change of how images are decoded or drawn is a new version. */
    static final long MAGIC = 0x4C55545241505803L;
    static final int TRAILER_BYTES = 3 * Long.BYTES;
    /** Of one image in the index. */
    static final int IMAGE_BYTES = 2 * Integer.BYTES + Long.BYTES;

    /** A mapping has at most 2 GiB, so a large file has several. */
    private static final long MAPPING_BYTES = 1L << 30;

    private final String fingerprint;
    private final String contentHash;
    private final int[] widths;
    private final int[] heights;
    private final Map<Long, Integer> images = new HashMap<>();
    private final SortedMap<Integer, String> missing = new TreeMap<>();
    private final long[] offsets;
    private final long mappingBytes;
    private final MappedByteBuffer[] mappings;

    private PixelFile(FileChannel channel, DataInputStream index, long pixelBytes, long mappingBytes) throws IOException {
        fingerprint = index.readUTF();
        contentHash = index.readUTF();
        int size = index.readInt();
        widths = new int[size];
        heights = new int[size];
        offsets = new long[size];
        long offset = 0;
        long largest = 0;
        for (int i = 0; i < size; i++) {
            widths[i] = index.readInt();
            heights[i] = index.readInt();
            long key = index.readLong();
            if (widths[i] > 0) {
                images.put(key, i);
            }
            offsets[i] = offset;
            offset += bytes(i);
            largest = Math.max(largest, bytes(i));
        }
        for (int left = index.readInt(); left > 0; left--) {
            missing.put(index.readInt(), index.readUTF());
        }
        if (offset != pixelBytes) {
            throw new EOFException("index and pixels disagree");
        }
        this.mappingBytes = mappingBytes;
        mappings = new MappedByteBuffer[(int) ((pixelBytes + mappingBytes - 1) / mappingBytes)];
        for (int i = 0; i < mappings.length; i++) {
            long from = i * mappingBytes;
            // each reaches into the next by one image, so that none is cut
            mappings[i] = channel.map(FileChannel.MapMode.READ_ONLY, from,
                Math.min(mappingBytes + largest, pixelBytes - from));
        }
    }

    /** The file, if it is whole. */
    static Optional<PixelFile> open(Path file) throws IOException {
        return open(file, MAPPING_BYTES);
    }

    static Optional<PixelFile> open(Path file, long mappingBytes) throws IOException {
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long trailerAt = channel.size() - TRAILER_BYTES;
            if (trailerAt < 0) {
                return Optional.empty();
            }
            ByteBuffer trailer = ByteBuffer.wrap(read(channel, trailerAt, TRAILER_BYTES));
            long indexAt = trailer.getLong();
            long crc = trailer.getLong();
            if (trailer.getLong() != MAGIC || indexAt < 0 || indexAt > trailerAt
                || trailerAt - indexAt > Integer.MAX_VALUE - 8) {
                return Optional.empty();
            }
            byte[] index = read(channel, indexAt, (int) (trailerAt - indexAt));
            if (crc != crc(index)) {
                return Optional.empty();
            }
            DataInputStream fields = new DataInputStream(new ByteArrayInputStream(index));
            return Optional.of(new PixelFile(channel, fields, indexAt, mappingBytes));
        } catch (EOFException e) {
            return Optional.empty();
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

    static long crc(byte[] index) {
        CRC32 crc = new CRC32();
        crc.update(index);
        return crc.getValue();
    }

    /** Whether it was made, whole, from what {@code fingerprint} stands for. */
    boolean isOf(String expected) {
        return fingerprint.equals(expected);
    }

    /** Position of the image of a key. */
    OptionalInt find(long key) {
        Integer image = images.get(key);
        return image == null ? OptionalInt.empty() : OptionalInt.of(image);
    }

    /** SHA-256 over names, sizes and labels of the source's images and over the stored pixels. */
    String contentHash() {
        return contentHash;
    }

    /** Why images could not be read, by their number; the others are there. */
    SortedMap<Integer, String> missing() {
        return missing;
    }

    int width(int image) {
        return widths[image];
    }

    int height(int image) {
        return heights[image];
    }

    /** A copy of one image; safe for several threads at once. */
    RgbImage read(int image) {
        byte[] pixels = new byte[bytes(image)];
        int mapping = (int) (offsets[image] / mappingBytes);
        mappings[mapping].get((int) (offsets[image] % mappingBytes), pixels);
        return new RgbImage(widths[image], heights[image], pixels);
    }

    private int bytes(int image) {
        return Math.multiplyExact(widths[image] * 3, heights[image]);
    }
}

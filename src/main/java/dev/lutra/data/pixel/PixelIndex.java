package dev.lutra.data.pixel;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * What a {@link PixelFile} has behind its pixels: an index, then a trailer that says where the index begins. As the trailer comes last, a
 * file that was cut off is recognised.
 *
 * <p>Index: fingerprint and content hash (modified UTF-8), number of images, then width, height and key of each, both 0 for one
 * that could not be read; how many those are, then of each its number and the reason (modified UTF-8). Trailer: offset of the index, its
 * CRC-32, {@link #MAGIC}. All numbers big-endian.
 *
 * @param fingerprint what the file was made from
 * @param contentHash of {@link DecodedImages#contentHash}
 * @param missing why images could not be read, by their number
 * @param pixelBytes all images of the file together, and where the index begins
 */
public record PixelIndex(String fingerprint, String contentHash, List<Image> images, SortedMap<Integer, String> missing, long pixelBytes) {

    /** "LUTRAPX" and the version of the format; a change of how images are decoded or drawn is a new version. */
    static final long MAGIC = 0x4C55545241505803L;
    private static final int TRAILER_BYTES = 3 * Long.BYTES;
    private static final int LONGEST_REASON = 1000;

    /**
     * An image.
     *
     * @param width in pixels
     * @param height in pixels
     * @param key changes when the image's file is touched
     */
    public record Image(int width, int height, long key) {

        int bytes() {
            return Math.multiplyExact(width * 3, height);
        }
    }

    /** Some bytes of a file, wherever that is. */
    @FunctionalInterface
    interface Bytes {

        /** @throws EOFException if there are not so many */
        byte[] read(long from, int length) throws IOException;
    }

    /** The index of a file of {@code size} bytes, if that is whole. */
    static Optional<PixelIndex> read(Bytes file, long size) throws IOException {
        long trailerAt = size - TRAILER_BYTES;
        if (trailerAt < 0) {
            return Optional.empty();
        }
        try {
            ByteBuffer trailer = ByteBuffer.wrap(file.read(trailerAt, TRAILER_BYTES));
            long indexAt = trailer.getLong();
            long crc = trailer.getLong();
            if (trailer.getLong() != MAGIC || indexAt < 0 || indexAt > trailerAt || trailerAt - indexAt > Integer.MAX_VALUE - 8) {
                return Optional.empty();
            }
            byte[] index = file.read(indexAt, (int) (trailerAt - indexAt));
            return crc != crc(index) ? Optional.empty() : Optional.of(parse(new DataInputStream(new ByteArrayInputStream(index)), indexAt));
        } catch (EOFException e) {
            return Optional.empty();
        }
    }

    private static PixelIndex parse(DataInputStream fields, long pixelBytes) throws IOException {
        String fingerprint = fields.readUTF();
        String contentHash = fields.readUTF();
        List<Image> images = new ArrayList<>();
        long bytes = 0;
        for (int left = fields.readInt(); left > 0; left--) {
            Image image = new Image(fields.readInt(), fields.readInt(), fields.readLong());
            images.add(image);
            bytes += image.bytes();
        }
        SortedMap<Integer, String> missing = new TreeMap<>();
        for (int left = fields.readInt(); left > 0; left--) {
            missing.put(fields.readInt(), fields.readUTF());
        }
        if (bytes != pixelBytes) {
            throw new EOFException("index and pixels disagree");
        }
        return new PixelIndex(fingerprint, contentHash, images, missing, pixelBytes);
    }

    /** Writes what belongs behind the pixels. */
    public void write(OutputStream out) throws IOException {
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(index);
        fields.writeUTF(fingerprint);
        fields.writeUTF(contentHash);
        fields.writeInt(images.size());
        for (Image image : images) {
            fields.writeInt(image.width());
            fields.writeInt(image.height());
            fields.writeLong(image.key());
        }
        fields.writeInt(missing.size());
        for (Map.Entry<Integer, String> image : missing.entrySet()) {
            fields.writeInt(image.getKey());
            fields.writeUTF(image.getValue().substring(0, Math.min(LONGEST_REASON, image.getValue().length())));
        }
        out.write(index.toByteArray());
        out.write(ByteBuffer.allocate(TRAILER_BYTES).putLong(pixelBytes).putLong(crc(index.toByteArray())).putLong(MAGIC).array());
    }

    private static long crc(byte[] index) {
        CRC32 crc = new CRC32();
        crc.update(index);
        return crc.getValue();
    }
}

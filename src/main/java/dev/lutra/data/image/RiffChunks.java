package dev.lutra.data.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The chunks of a WebP file (RFC 9649) that are not its pixels. */
final class RiffChunks {

    private static final int FILE_HEADER_BYTES = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final byte HAS_PROFILE = 0x20;

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private int orientation = Exif.UPRIGHT;

    private RiffChunks(byte[] file) {
        ByteBuffer fields = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        kept.write(file, 0, FILE_HEADER_BYTES);
        int at = FILE_HEADER_BYTES;
        while (at + CHUNK_HEADER_BYTES <= file.length) {
            long size = fields.getInt(at + 4) & 0xFFFFFFFFL;
            int end = (int) Math.min(at + CHUNK_HEADER_BYTES + size + (size & 1), file.length);
            chunk(file, at, end);
            at = end;
        }
    }

    private void chunk(byte[] file, int at, int end) {
        int content = at + CHUNK_HEADER_BYTES;
        switch (name(file, at)) {
            case "ICCP" -> {
            }
            case "VP8X" -> {
                byte[] features = Arrays.copyOfRange(file, at, end);
                if (features.length > CHUNK_HEADER_BYTES) {
                    features[CHUNK_HEADER_BYTES] &= ~HAS_PROFILE;
                }
                kept.writeBytes(features);
            }
            case "EXIF" -> {
                orientation = Exif.orientation(file, content, end);
                kept.write(file, at, end - at);
            }
            default -> kept.write(file, at, end - at);
        }
    }

    private static String name(byte[] file, int at) {
        return new String(file, at, 4, StandardCharsets.ISO_8859_1);
    }

    static boolean isWebp(byte[] file) {
        return file.length >= FILE_HEADER_BYTES && name(file, 0).equals("RIFF") && name(file, 8).equals("WEBP");
    }

    static RiffChunks of(byte[] file) {
        return new RiffChunks(file);
    }

    /** From the EXIF chunk, 1 to 8; 1 if the file does not say. */
    int orientation() {
        return orientation;
    }

    /** The file without its colour profile. */
    byte[] withoutProfile() {
        byte[] file = kept.toByteArray();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, file.length - 8);
        return file;
    }
}

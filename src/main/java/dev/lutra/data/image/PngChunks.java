package dev.lutra.data.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The chunks of a PNG file (third edition, 2025) that ImageIO does not read. */
final class PngChunks {

    private static final long SIGNATURE = 0x89504E470D0A1A0AL;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final int CHECKSUM_BYTES = 4;

    private PngChunks() {}

    static boolean isPng(byte[] file) {
        return file.length >= Long.BYTES && ByteBuffer.wrap(file).getLong() == SIGNATURE;
    }

    /** From the {@code eXIf} chunk, 1 to 8; 1 if the file does not say. */
    static int orientation(byte[] file) {
        int at = Long.BYTES;
        while (at + CHUNK_HEADER_BYTES <= file.length) {
            long length = ByteBuffer.wrap(file).getInt(at) & 0xFFFFFFFFL;
            long end = at + CHUNK_HEADER_BYTES + length;
            if (end + CHECKSUM_BYTES > file.length) {
                return Exif.UPRIGHT;
            }
            if (new String(file, at + 4, 4, StandardCharsets.ISO_8859_1).equals("eXIf")) {
                return Exif.orientation(file, at + CHUNK_HEADER_BYTES, (int) end);
            }
            at = (int) end + CHECKSUM_BYTES;
        }
        return Exif.UPRIGHT;
    }
}

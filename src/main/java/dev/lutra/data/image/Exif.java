package dev.lutra.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What matters of EXIF data, which is a TIFF file without an image: which way up an image is. Of a TIFF file also what its alpha is. */
final class Exif {

    /** How an image is stored that needs no turning. */
    static final int UPRIGHT = 1;

    private static final byte[] PREFIX = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int ORIENTATION_TAG = 0x0112;
    private static final int EXTRA_SAMPLES_TAG = 0x0152;
    private static final int ASSOCIATED_ALPHA = 1;

    private Exif() {}

    /** Whether there is EXIF data as JPEG files have it, with its prefix. */
    static boolean isPrefixed(byte[] file, int from, int end) {
        return end - from >= PREFIX.length && Arrays.equals(file, from, from + PREFIX.length, PREFIX, 0, PREFIX.length);
    }

    /**
     * The orientation, 1 to 8, that the first directory of a TIFF structure names, with or without the prefix of JPEG files.
     *
     * @return {@link #UPRIGHT} if it is absent or makes no sense
     */
    static int orientation(byte[] file, int from, int end) {
        int value = number(file, from, end, ORIENTATION_TAG);
        return value >= 1 && value <= 8 ? value : UPRIGHT;
    }

    /** Whether a TIFF file says that its colours are multiplied by its alpha already: "associated" (TIFF 6.0, section 18). */
    static boolean isMultiplied(byte[] tiff) {
        return number(tiff, 0, tiff.length, EXTRA_SAMPLES_TAG) == ASSOCIATED_ALPHA;
    }

    /** The first number of a tag of the first directory; 0 if it is absent. */
    private static int number(byte[] file, int from, int end, int tag) {
        int tiff = isPrefixed(file, from, end) ? from + PREFIX.length : from;
        if (tiff + 8 > end) {
            return 0;
        }
        ByteBuffer fields = ByteBuffer.wrap(file, tiff, end - tiff).slice();
        fields.order(fields.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = fields.getInt(4);
        if (directory < 0 || directory > fields.limit() - 2) {
            return 0;
        }
        int entries = fields.getShort(directory) & 0xFFFF;
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + 12 * i;
            if (entry + 12 > fields.limit()) {
                return 0;
            }
            if ((fields.getShort(entry) & 0xFFFF) == tag) {
                return fields.getShort(entry + 8);
            }
        }
        return 0;
    }
}

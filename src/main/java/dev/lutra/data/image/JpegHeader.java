package dev.lutra.data.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What ImageIO does not say about a JPEG file (ITU-T T.81, annex B).
 *
 * @param components of a pixel: 1 gray, 3 colour, 4 CMYK, 0 if the file does not say
 * @param orientation from EXIF, 1 to 8; 1 if the file does not say
 * @param complete whether the end-of-image marker is there; ImageIO fills what is missing with gray and says nothing
 */
record JpegHeader(int components, int orientation, boolean complete) {

    private static final int START_OF_IMAGE = 0xD8;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int START_OF_SCAN = 0xDA;
    private static final int APP1 = 0xE1;
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int ORIENTATION_TAG = 0x0112;

    static boolean isJpeg(byte[] file) {
        return file.length >= 3 && (file[0] & 0xFF) == 0xFF && (file[1] & 0xFF) == START_OF_IMAGE && (file[2] & 0xFF) == 0xFF;
    }

    static JpegHeader of(byte[] file) {
        int components = 0;
        int orientation = 1;
        int at = 2;
        while (at + 4 <= file.length && (file[at] & 0xFF) == 0xFF) {
            int marker = file[at + 1] & 0xFF;
            if (marker == 0xFF) { // a fill byte
                at++;
                continue;
            }
            int end = at + 2 + unsignedShort(file, at + 2);
            if (marker == START_OF_SCAN) {
                return new JpegHeader(components, orientation, hasEnd(file, end));
            }
            if (isStartOfFrame(marker) && at + 9 < file.length) {
                components = file[at + 9] & 0xFF;
            } else if (marker == APP1 && end <= file.length) {
                orientation = orientation(file, at + 4, end);
            }
            at = end;
        }
        return new JpegHeader(components, orientation, false);
    }

    /** SOF0 to SOF15, among which three codes mean something else. */
    private static boolean isStartOfFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    /** Within a scan a data byte FF is followed by 00, so FF D9 is a marker. */
    private static boolean hasEnd(byte[] file, int from) {
        for (int i = file.length - 2; i >= from; i--) {
            if ((file[i] & 0xFF) == 0xFF && (file[i + 1] & 0xFF) == END_OF_IMAGE) {
                return true;
            }
        }
        return false;
    }

    /** The tag of the first directory of the TIFF structure in an EXIF segment; 1 if it is absent or makes no sense. */
    private static int orientation(byte[] file, int from, int end) {
        int tiff = from + EXIF.length;
        if (tiff + 8 > end || !Arrays.equals(file, from, tiff, EXIF, 0, EXIF.length)) {
            return 1;
        }
        ByteBuffer fields = ByteBuffer.wrap(file, tiff, end - tiff).slice();
        fields.order(fields.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = fields.getInt(4);
        if (directory < 0 || directory > fields.limit() - 2) {
            return 1;
        }
        int entries = fields.getShort(directory) & 0xFFFF;
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + 12 * i;
            if (entry + 12 > fields.limit()) {
                return 1;
            }
            if ((fields.getShort(entry) & 0xFFFF) == ORIENTATION_TAG) {
                int value = fields.getShort(entry + 8);
                return value >= 1 && value <= 8 ? value : 1;
            }
        }
        return 1;
    }

    private static int unsignedShort(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }
}

package dev.lutra.data.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What the markers of a JPEG file say (ITU-T T.81, annex B) and ImageIO does not, or takes otherwise than libjpeg, by which
 * most software reads these files.
 */
final class JpegMarkers {

    /** How the components of a pixel make a colour, by libjpeg's rules. */
    enum Colour {
        GRAY, RGB, YCC, CMYK, YCCK
    }

    private static final int START_OF_IMAGE = 0xD8;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int START_OF_SCAN = 0xDA;
    private static final int APP0 = 0xE0;
    private static final int APP1 = 0xE1;
    private static final int APP14 = 0xEE;
    private static final int APP15 = 0xEF;
    private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);
    private static final int ADOBE_TRANSFORM = 11;
    /** Says that three components are YCbCr. */
    private static final byte[] JFIF_SEGMENT = {
        (byte) 0xFF, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};

    private final byte[] file;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private int components;
    private byte[] componentNames = {};
    private int orientation = Exif.UPRIGHT;
    private boolean exifSeen;
    private boolean jfif;
    private int adobe = -1;
    private int scan = -1;

    private JpegMarkers(byte[] file) {
        this.file = file;
        int at = 2;
        while (at + 4 <= file.length && (file[at] & 0xFF) == 0xFF && scan < 0) {
            int marker = file[at + 1] & 0xFF;
            if (marker == 0xFF) { // a fill byte
                at++;
                continue;
            }
            int end = at + 2 + unsignedShort(at + 2);
            if (marker == START_OF_SCAN) {
                scan = at;
            } else {
                segment(marker, at, Math.min(end, file.length));
            }
            at = end;
        }
    }

    static boolean isJpeg(byte[] file) {
        return file.length >= 3 && (file[0] & 0xFF) == 0xFF && (file[1] & 0xFF) == START_OF_IMAGE && (file[2] & 0xFF) == 0xFF;
    }

    static JpegMarkers of(byte[] file) {
        return new JpegMarkers(file);
    }

    private void segment(int marker, int at, int end) {
        int content = at + 4;
        if (isStartOfFrame(marker) && at + 9 < end) {
            components = file[at + 9] & 0xFF;
            componentNames = new byte[components];
            for (int i = 0; i < components && at + 10 + 3 * i < end; i++) {
                componentNames[i] = file[at + 10 + 3 * i];
            }
        } else if (marker == APP0 && startsWith(JFIF, content, end)) {
            jfif = true;
        } else if (marker == APP1 && !exifSeen && Exif.isPrefixed(file, content, end)) { // XMP is in a segment of that name too
            exifSeen = true;
            orientation = Exif.orientation(file, content, end);
        } else if (marker == APP14 && startsWith(ADOBE, content, end) && content + ADOBE_TRANSFORM < end) {
            adobe = file[content + ADOBE_TRANSFORM] & 0xFF;
        }
        if (marker < APP0 || marker > APP15) {
            kept.write(file, at, end - at);
        }
    }

    /** SOF0 to SOF15, among which three codes mean something else. */
    private static boolean isStartOfFrame(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }

    private boolean startsWith(byte[] prefix, int from, int end) {
        return end - from >= prefix.length && Arrays.equals(file, from, from + prefix.length, prefix, 0, prefix.length);
    }

    private int unsignedShort(int at) {
        return (file[at] & 0xFF) << 8 | file[at + 1] & 0xFF;
    }

    /** From the first EXIF segment, 1 to 8; 1 if the file does not say. */
    int orientation() {
        return orientation;
    }

    /** Whether a scan begins and the end-of-image marker is there; ImageIO fills what is missing with gray and says nothing. */
    boolean isComplete() {
        // within a scan a data byte FF is followed by 00, so FF D9 is a marker
        for (int i = file.length - 2; scan >= 0 && i >= scan; i--) {
            if ((file[i] & 0xFF) == 0xFF && (file[i + 1] & 0xFF) == END_OF_IMAGE) {
                return true;
            }
        }
        return false;
    }

    Colour colour() {
        return switch (components) {
            case 1 -> Colour.GRAY;
            case 4 -> adobe == 2 ? Colour.YCCK : Colour.CMYK;
            default -> isRgb() ? Colour.RGB : Colour.YCC;
        };
    }

    private boolean isRgb() {
        return !jfif && (adobe >= 0 ? adobe == 0 : Arrays.equals(componentNames, new byte[]{'R', 'G', 'B'}));
    }

    /** Whether four components are stored as their complements, as Adobe's software does. */
    boolean isInverted() {
        return adobe >= 0;
    }

    /**
     * The file without application segments, colour profiles among them, and with one that makes ImageIO see the
     * {@link #colour} of three components as it is.
     */
    byte[] withoutProfiles() {
        ByteArrayOutputStream plain = new ByteArrayOutputStream(file.length);
        plain.write(file, 0, 2);
        if (colour() == Colour.YCC) {
            plain.writeBytes(JFIF_SEGMENT);
        } else if (colour() != Colour.GRAY) {
            plain.writeBytes(adobeSegment(colour() == Colour.YCCK ? 2 : 0));
        }
        plain.writeBytes(kept.toByteArray());
        if (scan >= 0) {
            plain.write(file, scan, file.length - scan);
        }
        return plain.toByteArray();
    }

    private static byte[] adobeSegment(int transform) {
        return new byte[]{(byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, (byte) transform};
    }
}

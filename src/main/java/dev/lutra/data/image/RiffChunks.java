package dev.lutra.data.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The chunks of a WebP file (RFC 9649) that are not its pixels. */
final class RiffChunks {

    private static final int FILE_HEADER_BYTES = 12;
    private static final int CHUNK_HEADER_BYTES = 8;
    private static final byte HAS_PROFILE = 0x20;
    private static final byte IS_ANIMATED = 0x02;
    /** Of a lossy image's sides, whose upper bits are a scale, and of a lossless one's. */
    private static final int SIDE_BITS = 14;
    private static final int SIDE_MASK = (1 << SIDE_BITS) - 1;

    /** In pixels. */
    private record Size(int width, int height) {
        @Override
        public String toString() {
            return width + "×" + height;
        }
    }

    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private int orientation = Exif.UPRIGHT;
    private Optional<Size> canvas = Optional.empty();
    private Optional<Size> image = Optional.empty();
    private boolean hasFrames;
    private boolean isCut;

    private RiffChunks(byte[] file) {
        ByteBuffer fields = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        kept.write(file, 0, FILE_HEADER_BYTES);
        int at = FILE_HEADER_BYTES;
        while (at + CHUNK_HEADER_BYTES <= file.length) {
            long size = fields.getInt(at + 4) & 0xFFFFFFFFL;
            isCut |= at + CHUNK_HEADER_BYTES + size > file.length;
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
                if (end - content >= 10 && (file[content] & IS_ANIMATED) == 0) {
                    ByteBuffer sides = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
                    canvas = Optional.of(new Size((sides.getInt(content + 4) & 0xFFFFFF) + 1, (sides.getInt(content + 6) >>> 8) + 1));
                }
            }
            case "VP8 " -> {
                kept.write(file, at, end - at);
                if (end - content >= 10) {
                    ByteBuffer sides = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
                    image = Optional.of(new Size(sides.getShort(content + 6) & SIDE_MASK, sides.getShort(content + 8) & SIDE_MASK));
                }
            }
            case "VP8L" -> {
                kept.write(file, at, end - at);
                if (end - content >= 5) {
                    int sides = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(content + 1);
                    image = Optional.of(new Size((sides & SIDE_MASK) + 1, (sides >>> SIDE_BITS & SIDE_MASK) + 1));
                }
            }
            case "ANMF" -> {
                hasFrames = true;
                kept.write(file, at, end - at);
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

    /** Why there is no image to read, or one of another size than the file says, of which a few bytes can fill a machine's memory. */
    Optional<String> problem() {
        if (isCut) {
            return Optional.of("it ends too early");
        }
        if (image.isEmpty() && !hasFrames) {
            return Optional.of("no image in it");
        }
        return canvas.isEmpty() || image.isEmpty() || canvas.equals(image)
            ? Optional.empty()
            : Optional.of("an image of " + image.get() + " pixels on a canvas of " + canvas.get());
    }

    /** The file without its colour profile. */
    byte[] withoutProfile() {
        byte[] file = kept.toByteArray();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, file.length - 8);
        return file;
    }
}

package dev.lutra.data.image;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.w3c.dom.Node;

/**
 * JPEG, PNG, WebP, TIFF, BMP and GIF files to eight-bit RGB, by their contents, whatever their names.
 *
 * <p>One rule for the colours of all formats, that of PIL's {@code convert("RGB")} and of OpenCV: samples count as they are
 * stored; embedded profiles and gamma are left aside. YCbCr becomes RGB by JFIF's formula, CMYK and YCCK become c·k / 255 of
 * their complements. Grayscale becomes three equal channels, sixteen bits lose their lower eight. EXIF orientation is applied.
 * Transparent pixels are laid on black. Of several images in a file the first counts.
 */
public final class ImageDecoder {

    private static final String WEBP = "WebP";
    private static final String TIFF_LITTLE = "II*\0";
    private static final String TIFF_BIG = "MM\0*";
    private static final String GIF = "GIF8";
    private static final String BMP = "BM";
    private static final int SIGNATURE_BYTES = 12;
    private static final int MOST_BYTES = 1 << 30;
    private static final int MOST_PIXELS = Integer.MAX_VALUE / 16;

    /** Of a TIFF file's tiles, unless the image is larger: its writers mostly take 256. */
    private static final int MOST_TILE_SIDE = 2048;

    private ImageDecoder() {}

    /** Endings of the names that such files have, in lower case, with the dot. */
    public static Set<String> endings() {
        return Set.of(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif");
    }

    /** Whether a file's name is that of an image. */
    public static boolean isImage(String fileName) {
        int dot = fileName.lastIndexOf('.');
        return dot >= 0 && endings().contains(fileName.substring(dot).toLowerCase(Locale.ROOT));
    }

    /**
     * @throws InputException if the file is damaged, too large, or of another kind
     * @throws FileSystemException if it cannot be read now, or has no place in memory: another time it may
     */
    public static RgbImage decode(Path file) throws FileSystemException {
        try {
            return decoded(file, bytes(file));
        } catch (FileSystemException e) {
            throw e;
        } catch (IOException e) {
            throw now(file, FileTrouble.reason(e), e);
        } catch (OutOfMemoryError e) {
            throw now(file, "it does not fit into memory (expected: a smaller image, or a larger heap)", e);
        }
    }

    /** All of it, once it begins as images do: what is none may be as large as it likes. */
    private static byte[] bytes(Path file) throws IOException {
        InputFile.requireRegularNow(file);
        try (InputStream in = Files.newInputStream(file)) {
            if (!hasSignature(in.readNBytes(SIGNATURE_BYTES))) {
                throw notAnImage(file);
            }
        }
        return InputFile.read(file, MOST_BYTES);
    }

    private static boolean hasSignature(byte[] begin) {
        return JpegMarkers.isJpeg(begin) || PngChunks.isPng(begin) || RiffChunks.isWebp(begin)
            || Stream.of(TIFF_LITTLE, TIFF_BIG, GIF, BMP).anyMatch(signature -> startsWith(begin, signature));
    }

    private static InputException notAnImage(Path file) {
        return InputException.in(file, "not an image (expected: a JPEG, PNG, WebP, TIFF, BMP or GIF file)");
    }

    private static FileSystemException now(Path file, String reason, Throwable cause) {
        FileSystemException trouble = new FileSystemException(file.toString(), null, reason);
        trouble.initCause(cause);
        return trouble;
    }

    private static RgbImage decoded(Path file, byte[] bytes) throws FileSystemException {
        if (JpegMarkers.isJpeg(bytes)) {
            JpegMarkers markers = JpegMarkers.of(bytes);
            if (!markers.isComplete()) {
                throw damaged(file, "JPEG", "it ends too early");
            }
            return decode(file, markers.withoutProfiles(), "JPEG", reader -> jpeg(reader, markers))
                .upright(markers.orientation());
        }
        if (PngChunks.isPng(bytes)) {
            return decode(file, bytes, "PNG", reader -> rgb(reader.read(0))).upright(PngChunks.orientation(bytes));
        }
        if (RiffChunks.isWebp(bytes)) {
            RiffChunks chunks = RiffChunks.of(bytes);
            chunks.problem().ifPresent(problem -> {
                throw damaged(file, WEBP, problem);
            });
            return decode(file, chunks.withoutProfile(), WEBP, reader -> rgb(reader.read(0))).upright(chunks.orientation());
        }
        if (startsWith(bytes, TIFF_LITTLE) || startsWith(bytes, TIFF_BIG)) {
            return decode(file, bytes, "TIFF", reader -> {
                requireTilesOfItsSize(file, reader);
                return tiff(file, reader.read(0), Exif.isMultiplied(bytes));
            })
                .upright(Exif.orientation(bytes, 0, bytes.length));
        }
        if (startsWith(bytes, GIF)) {
            return decode(file, bytes, "GIF", reader -> onScreen(file, bytes, reader));
        }
        if (startsWith(bytes, BMP)) {
            return decode(file, bytes, "BMP", reader -> rgb(reader.read(0)));
        }
        throw notAnImage(file);
    }

    private static boolean startsWith(byte[] bytes, String signature) {
        return bytes.length >= signature.length()
            && new String(bytes, 0, signature.length(), StandardCharsets.ISO_8859_1).equals(signature);
    }

    /** Takes the pixels that a reader gives. */
    @FunctionalInterface
    private interface Pixels {
        RgbImage from(ImageReader reader) throws IOException;
    }

    private static RgbImage decode(Path file, byte[] bytes, String format, Pixels pixels) throws FileSystemException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        ImageReader reader = readers.next();
        int width = 0;
        int height = 0;
        try {
            reader.setInput(format.equals(WEBP) ? new ZerosBehind(bytes) : new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes)), true,
                true);
            width = reader.getWidth(0);
            height = reader.getHeight(0);
            requireFew(file, width, height);
            return pixels.from(reader);
        } catch (InputException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the readers throw unchecked exceptions on some damaged files
            throw damaged(file, format, String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given"));
        } catch (OutOfMemoryError e) {
            throw now(file, width + "×" + height + " pixels do not fit into memory (expected: a smaller image, or a larger heap)", e);
        } finally {
            reader.dispose();
        }
    }

    private static void requireFew(Path file, int width, int height) {
        if ((long) width * height > MOST_PIXELS) {
            throw InputException.in(file, width + "×" + height + " pixels (expected: at most " + MOST_PIXELS + ")");
        }
    }

    /** Tiles are decoded whole, whatever of them the image shows; strips only as far as it shows them. */
    private static void requireTilesOfItsSize(Path file, ImageReader reader) throws IOException {
        if (reader.isImageTiled(0)) {
            long width = reader.getTileWidth(0);
            long height = reader.getTileHeight(0);
            long widest = Math.max(MOST_TILE_SIDE, 2L * reader.getWidth(0));
            long highest = Math.max(MOST_TILE_SIDE, 2L * reader.getHeight(0));
            if (width > widest || height > highest || width * height > MOST_PIXELS) {
                throw damaged(file, "TIFF", "tiles of " + width + "×" + height + " pixels in an image of " + reader.getWidth(0) + "×"
                    + reader.getHeight(0));
            }
        }
    }

    private static InputException damaged(Path file, String format, String reason) {
        return InputException.in(file, "damaged " + format + ": " + reason + " (expected: a whole image)");
    }

    private static RgbImage jpeg(ImageReader reader, JpegMarkers markers) throws IOException {
        return switch (markers.colour()) {
            case CMYK, YCCK -> fromInks(reader.readRaster(0, null), markers);
            default -> rgb(reader.read(0));
        };
    }

    /** What inks leave of white light: each colour's share times that of black. */
    private static RgbImage fromInks(Raster raster, JpegMarkers markers) {
        boolean ycc = markers.colour() == JpegMarkers.Colour.YCCK;
        int flip = markers.isInverted() ? 0 : 255;
        byte[] pixels = new byte[Math.multiplyExact(raster.getWidth() * raster.getHeight(), 3)];
        int[] line = new int[raster.getWidth() * 4];
        for (int y = 0, at = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, line);
            for (int i = 0; i < line.length; i += 4) {
                int[] inks = ycc
                    ? complementsOfYcc(line[i], line[i + 1], line[i + 2])
                    : new int[]{line[i], line[i + 1], line[i + 2]};
                for (int ink : inks) {
                    pixels[at++] = times(ink ^ flip, line[i + 3] ^ flip);
                }
            }
        }
        return new RgbImage(raster.getWidth(), raster.getHeight(), pixels);
    }

    private static int[] complementsOfYcc(int luma, int blue, int red) {
        double cb = blue - 128.0;
        double cr = red - 128.0;
        return new int[]{255 - clamped(luma + 1.402 * cr), 255 - clamped(luma - 0.344136 * cb - 0.714136 * cr),
            255 - clamped(luma + 1.772 * cb)};
    }

    private static int clamped(double value) {
        return (int) Math.max(0, Math.min(255, Math.round(value)));
    }

    /** Of what samples may be in such files, those that other formats have too. */
    private static RgbImage tiff(Path file, BufferedImage image, boolean isMultiplied) {
        ColorModel colors = image.getColorModel();
        int space = colors.getColorSpace().getType();
        int type = image.getSampleModel().getDataType();
        boolean isFilled = colors instanceof IndexColorModel || colors.getComponentSize(0) == DataBuffer.getDataTypeSize(type);
        if ((space == ColorSpace.TYPE_GRAY || space == ColorSpace.TYPE_RGB)
            && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT) && isFilled) {
            return rgb(image, isMultiplied);
        }
        throw InputException.in(file, "a TIFF of other samples (expected: gray or RGB of 8 or 16 bits, a palette, or black and white)");
    }

    /** A frame may be smaller than the picture it belongs to; the rest of that is transparent. */
    private static RgbImage onScreen(Path file, byte[] gif, ImageReader reader) throws IOException {
        int width = (gif[6] & 0xFF) | (gif[7] & 0xFF) << 8;
        int height = (gif[8] & 0xFF) | (gif[9] & 0xFF) << 8;
        requireFew(file, width, height);
        RgbImage image = rgb(reader.read(0));
        if (image.width() == width && image.height() == height) {
            return image;
        }
        Node descriptor = reader.getImageMetadata(0).getAsTree("javax_imageio_gif_image_1.0").getFirstChild();
        int left = Integer.parseInt(descriptor.getAttributes().getNamedItem("imageLeftPosition").getNodeValue());
        int top = Integer.parseInt(descriptor.getAttributes().getNamedItem("imageTopPosition").getNodeValue());
        byte[] pixels = new byte[Math.multiplyExact(width * height, 3)];
        int shown = Math.min(image.width(), width - left) * 3;
        for (int y = 0; y < Math.min(image.height(), height - top) && shown > 0; y++) {
            System.arraycopy(image.pixels(), y * image.width() * 3, pixels, ((top + y) * width + left) * 3, shown);
        }
        return new RgbImage(width, height, pixels);
    }

    /** Takes the samples as stored: {@code getRGB} would treat gray as linear light and brighten it. */
    private static RgbImage rgb(BufferedImage image) {
        return rgb(image, false);
    }

    /** @param isMultiplied whether the colours are multiplied by alpha already */
    private static RgbImage rgb(BufferedImage image, boolean isMultiplied) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[Math.multiplyExact(width * height, 3)];
        ColorModel colors = image.getColorModel();
        if (colors instanceof IndexColorModel palette) {
            fromPalette(image.getRaster(), palette, pixels);
        } else {
            fromSamples(image.getRaster(), colors.hasAlpha() && !isMultiplied, pixels);
        }
        return new RgbImage(width, height, pixels);
    }

    private static void fromPalette(Raster raster, IndexColorModel palette, byte[] pixels) {
        int[] line = new int[raster.getWidth()];
        for (int y = 0, at = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, line.length, 1, 0, line);
            for (int index : line) {
                int alpha = palette.getAlpha(index);
                pixels[at++] = times(palette.getRed(index), alpha);
                pixels[at++] = times(palette.getGreen(index), alpha);
                pixels[at++] = times(palette.getBlue(index), alpha);
            }
        }
    }

    /** @param hasAlpha whether the last band is alpha that the others have yet to be multiplied by */
    private static void fromSamples(Raster raster, boolean hasAlpha, byte[] pixels) {
        int bands = raster.getNumBands();
        int shift = raster.getSampleModel().getDataType() == DataBuffer.TYPE_USHORT ? 8 : 0;
        int green = bands >= 3 ? 1 : 0;
        int blue = bands >= 3 ? 2 : 0;
        int[] line = new int[raster.getWidth() * bands];
        for (int y = 0, at = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, line);
            for (int i = 0; i < line.length; i += bands) {
                int alpha = hasAlpha ? line[i + bands - 1] >> shift : 255;
                pixels[at++] = times(line[i] >> shift, alpha);
                pixels[at++] = times(line[i + green] >> shift, alpha);
                pixels[at++] = times(line[i + blue] >> shift, alpha);
            }
        }
    }

    /** The product of two shares of 255. */
    private static byte times(int value, int share) {
        return (byte) (share == 255 ? value : (value * share + 127) / 255);
    }
}

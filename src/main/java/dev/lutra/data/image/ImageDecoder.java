package dev.lutra.data.image;

import dev.lutra.InputException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * JPEG and PNG files to eight-bit RGB. Grayscale becomes three equal channels, sixteen bits lose their lower eight,
 * transparent pixels are laid on black, EXIF orientation is applied, colour profiles are ignored (as most training code
 * does). CMYK is refused.
 */
public final class ImageDecoder {

    private static final long PNG_SIGNATURE = 0x89504E470D0A1A0AL;

    private ImageDecoder() {}

    /**
     * @throws InputException if the file is damaged or of another kind
     * @throws IOException if it cannot be read at all
     */
    public static RgbImage decode(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (JpegHeader.isJpeg(bytes)) {
            JpegHeader header = JpegHeader.of(bytes);
            if (header.components() == 4) {
                throw InputException.in(file, "CMYK JPEG (expected: RGB or grayscale)");
            }
            if (!header.complete()) {
                throw damaged(file, "JPEG", "it ends too early");
            }
            return decode(file, bytes, "JPEG").upright(header.orientation());
        }
        if (bytes.length >= 8 && ByteBuffer.wrap(bytes).getLong() == PNG_SIGNATURE) {
            return decode(file, bytes, "PNG");
        }
        throw InputException.in(file, "not an image (expected: a JPEG or PNG file)");
    }

    private static RgbImage decode(Path file, byte[] bytes, String format) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
        try {
            reader.setInput(new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes)), true, true);
            if ((long) reader.getWidth(0) * reader.getHeight(0) > Integer.MAX_VALUE / 16) {
                throw InputException.in(file, reader.getWidth(0) + "×" + reader.getHeight(0)
                    + " pixels (expected: at most " + Integer.MAX_VALUE / 16 + ")");
            }
            return rgb(reader.read(0));
        } catch (InputException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the readers throw unchecked exceptions on some damaged files
            throw damaged(file, format, String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given"));
        } finally {
            reader.dispose();
        }
    }

    private static InputException damaged(Path file, String format, String reason) {
        return InputException.in(file, "damaged " + format + ": " + reason + " (expected: a whole image)");
    }

    /** Takes the samples as stored: {@code getRGB} would treat gray as linear light and brighten it. */
    private static RgbImage rgb(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[Math.multiplyExact(width * height, 3)];
        ColorModel colors = image.getColorModel();
        if (colors instanceof IndexColorModel palette) {
            fromPalette(image.getRaster(), palette, pixels);
        } else {
            fromSamples(image.getRaster(), colors.hasAlpha(), pixels);
        }
        return new RgbImage(width, height, pixels);
    }

    private static void fromPalette(Raster raster, IndexColorModel palette, byte[] pixels) {
        int[] line = new int[raster.getWidth()];
        for (int y = 0, at = 0; y < raster.getHeight(); y++) {
            raster.getSamples(0, y, line.length, 1, 0, line);
            for (int index : line) {
                int alpha = palette.getAlpha(index);
                pixels[at++] = onBlack(palette.getRed(index), alpha);
                pixels[at++] = onBlack(palette.getGreen(index), alpha);
                pixels[at++] = onBlack(palette.getBlue(index), alpha);
            }
        }
    }

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
                pixels[at++] = onBlack(line[i] >> shift, alpha);
                pixels[at++] = onBlack(line[i + green] >> shift, alpha);
                pixels[at++] = onBlack(line[i + blue] >> shift, alpha);
            }
        }
    }

    private static byte onBlack(int value, int alpha) {
        return (byte) (alpha == 255 ? value : (value * alpha + 127) / 255);
    }
}

package dev.lutra.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.data.TestImages;
import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {

    @TempDir
    Path folder;

    @Test
    void readsColourPngExactly() throws IOException {
        BufferedImage image = TestImages.blocks(13, 9, 1);
        RgbImage decoded = ImageDecoder.decode(TestImages.write(image, folder.resolve("x.png")));
        assertThat(decoded.width()).isEqualTo(13);
        assertThat(decoded.height()).isEqualTo(9);
        for (int y = 0; y < 9; y++) {
            for (int x = 0; x < 13; x++) {
                assertThat(pixel(decoded, x, y)).isEqualTo(image.getRGB(x, y) & 0xFFFFFF);
            }
        }
    }

    @Test
    void readsJpegNearly() throws IOException {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        fill(image, 0xC86432);
        RgbImage decoded = ImageDecoder.decode(TestImages.write(image, folder.resolve("x.jpg")));
        assertThat(decoded.pixels()[0] & 0xFF).isBetween(196, 204);
        assertThat(decoded.pixels()[1] & 0xFF).isBetween(96, 104);
        assertThat(decoded.pixels()[2] & 0xFF).isBetween(46, 54);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gray.png", "gray.jpg"})
    void keepsGrayLevels(String name) throws IOException {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 64; i++) {
            image.getRaster().setSample(i % 8, i / 8, 0, 100);
        }
        RgbImage decoded = ImageDecoder.decode(TestImages.write(image, folder.resolve(name)));
        for (byte value : decoded.pixels()) {
            assertThat(value & 0xFF).isBetween(99, 101);
        }
    }

    @Test
    void takesTheUpperByteOfSixteenBits() throws IOException {
        BufferedImage gray = new BufferedImage(4, 4, BufferedImage.TYPE_USHORT_GRAY);
        gray.getRaster().setSample(1, 0, 0, 0xABCD);
        assertThat(pixel(ImageDecoder.decode(TestImages.write(gray, folder.resolve("gray16.png"))), 1, 0)).isEqualTo(0xABABAB);

        ComponentColorModel colours = new ComponentColorModel(ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false,
            Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_USHORT, 4, 4, 3, new Point());
        raster.setPixel(2, 3, new int[]{0x1234, 0x5678, 0x9ABC});
        BufferedImage deep = new BufferedImage(colours, raster, false, null);
        assertThat(pixel(ImageDecoder.decode(TestImages.write(deep, folder.resolve("rgb16.png"))), 2, 3)).isEqualTo(0x12569A);
    }

    @Test
    void laysTransparencyOnBlack() throws IOException {
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0xFFFF8040);
        image.setRGB(1, 0, 0x80FF8040);
        image.setRGB(2, 0, 0x00FF8040);
        RgbImage decoded = ImageDecoder.decode(TestImages.write(image, folder.resolve("alpha.png")));
        assertThat(pixel(decoded, 0, 0)).isEqualTo(0xFF8040);
        assertThat(pixel(decoded, 1, 0)).isEqualTo(0x804020);
        assertThat(pixel(decoded, 2, 0)).isEqualTo(0);
    }

    @Test
    void readsPalettes() throws IOException {
        IndexColorModel palette = new IndexColorModel(2, 3, new byte[]{0, (byte) 200, 10}, new byte[]{0, 100, 20},
            new byte[]{0, 50, 30});
        BufferedImage image = new BufferedImage(5, 2, BufferedImage.TYPE_BYTE_BINARY, palette);
        image.getRaster().setSample(3, 1, 0, 1);
        image.getRaster().setSample(4, 0, 0, 2);
        RgbImage decoded = ImageDecoder.decode(TestImages.write(image, folder.resolve("palette.png")));
        assertThat(pixel(decoded, 3, 1)).isEqualTo(0xC86432);
        assertThat(pixel(decoded, 4, 0)).isEqualTo(0x0A141E);
        assertThat(pixel(decoded, 0, 0)).isEqualTo(0);
    }

    /** The corner that is red as stored, and where EXIF says to show it. */
    @ParameterizedTest
    @CsvSource({"1,0,0,24,16", "2,23,0,24,16", "3,23,15,24,16", "4,0,15,24,16", "5,0,0,16,24", "6,15,0,16,24", "7,15,23,16,24",
        "8,0,23,16,24"})
    void turnsAsExifSays(int orientation, int redX, int redY, int width, int height) throws IOException {
        BufferedImage image = new BufferedImage(24, 16, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 8; x++) {
                image.setRGB(x, y, 0xFF0000);
            }
        }
        Path file = TestImages.write(image, folder.resolve("exif.jpg"));
        Files.write(file, withOrientation(Files.readAllBytes(file), orientation));

        RgbImage decoded = ImageDecoder.decode(file);

        assertThat(decoded.width()).isEqualTo(width);
        assertThat(decoded.height()).isEqualTo(height);
        for (int x : new int[]{0, width - 1}) {
            for (int y : new int[]{0, height - 1}) {
                int red = pixel(decoded, x, y) >> 16;
                assertThat(red > 128).as("red at %d,%d", x, y).isEqualTo(x == redX && y == redY);
            }
        }
    }

    @Test
    void everyOrientationMovesPixelsLikeItsCorner() {
        byte[] pixels = new byte[2 * 3 * 3];
        for (int i = 0; i < 6; i++) {
            pixels[3 * i] = (byte) i; // 0 1 / 2 3 / 4 5
        }
        RgbImage image = new RgbImage(2, 3, pixels);
        assertThat(reds(image.upright(2))).containsExactly(1, 0, 3, 2, 5, 4);
        assertThat(reds(image.upright(3))).containsExactly(5, 4, 3, 2, 1, 0);
        assertThat(reds(image.upright(4))).containsExactly(4, 5, 2, 3, 0, 1);
        assertThat(reds(image.upright(5))).containsExactly(0, 2, 4, 1, 3, 5);
        assertThat(reds(image.upright(6))).containsExactly(4, 2, 0, 5, 3, 1);
        assertThat(reds(image.upright(7))).containsExactly(5, 3, 1, 4, 2, 0);
        assertThat(reds(image.upright(8))).containsExactly(1, 3, 5, 0, 2, 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x.jpg", "x.png"})
    void refusesFilesThatEndEarly(String name) throws IOException {
        Path file = TestImages.write(TestImages.blocks(64, 64, 3), folder.resolve(name));
        byte[] whole = Files.readAllBytes(file);
        for (double share : new double[]{0.02, 0.3, 0.6, 0.95}) {
            Files.write(file, Arrays.copyOf(whole, (int) (whole.length * share)));
            assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": damaged").hasMessageEndingWith("(expected: a whole image)")
                .message().doesNotContain("\n");
        }
    }

    @Test
    void refusesGarbage() throws IOException {
        Path file = Files.writeString(folder.resolve("x.jpg"), "no image at all");
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": not an image (expected: a JPEG or PNG file)");
        Files.write(file, new byte[0]);
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class).hasMessageContaining("not an image");
    }

    @Test
    void refusesDamagedHeadersAndData() throws IOException {
        Path file = TestImages.write(TestImages.blocks(32, 32, 3), folder.resolve("x.png"));
        byte[] bytes = Files.readAllBytes(file);
        for (int at : new int[]{17, 25, bytes.length / 2}) {
            byte[] damaged = bytes.clone();
            Arrays.fill(damaged, at, at + 8, (byte) 0xEE);
            Files.write(file, damaged);
            assertThatThrownBy(() -> ImageDecoder.decode(file)).as("damage at %d", at).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file.toString());
        }
    }

    @Test
    void refusesCmyk() throws IOException {
        Path file = folder.resolve("cmyk.jpg");
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 8, 8, 4, new Point());
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(raster, null, null), null);
        } finally {
            writer.dispose();
        }
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": CMYK JPEG (expected: RGB or grayscale)");
    }

    @Test
    void goesByContentAndNotByName() throws IOException {
        Path png = TestImages.write(TestImages.blocks(8, 8, 1), folder.resolve("x.png"));
        Path misnamed = Files.copy(png, folder.resolve("y.jpg"));
        assertThat(ImageDecoder.decode(misnamed).pixels()).isEqualTo(ImageDecoder.decode(png).pixels());
    }

    @Test
    void shrinkingAveragesAndGrowingInterpolates() {
        byte[] stripes = new byte[8 * 8 * 3];
        for (int i = 0; i < stripes.length; i++) {
            stripes[i] = (byte) (i / 3 % 2 == 0 ? 0 : 200);
        }
        RgbImage small = new RgbImage(8, 8, stripes).resized(2, 2);
        for (byte value : small.pixels()) {
            assertThat(value & 0xFF).isBetween(90, 110);
        }
        RgbImage edge = new RgbImage(2, 1, new byte[]{0, 0, 0, 100, 100, 100}).resized(4, 1);
        assertThat(reds(edge)).containsExactly(0, 25, 75, 100);
    }

    private static void fill(BufferedImage image, int colour) {
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                image.setRGB(x, y, colour);
            }
        }
    }

    private static int pixel(RgbImage image, int x, int y) {
        int at = (y * image.width() + x) * 3;
        return (image.pixels()[at] & 0xFF) << 16 | (image.pixels()[at + 1] & 0xFF) << 8 | image.pixels()[at + 2] & 0xFF;
    }

    private static int[] reds(RgbImage image) {
        int[] reds = new int[image.width() * image.height()];
        for (int i = 0; i < reds.length; i++) {
            reds[i] = image.pixels()[3 * i] & 0xFF;
        }
        return reds;
    }

    /** Puts an EXIF segment with one tag behind the start-of-image marker. */
    private static byte[] withOrientation(byte[] jpeg, int orientation) throws IOException {
        ByteBuffer exif = ByteBuffer.allocate(36);
        exif.putShort((short) 0xFFE1).putShort((short) 34).put("Exif\0\0".getBytes(StandardCharsets.US_ASCII));
        exif.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(8);
        exif.putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        out.write(exif.array());
        out.write(jpeg, 2, jpeg.length - 2);
        return out.toByteArray();
    }
}

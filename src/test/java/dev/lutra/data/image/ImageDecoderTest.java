package dev.lutra.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.data.TestImages;
import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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
            .hasMessage(file + ": not an image (expected: a JPEG, PNG, WebP, TIFF, BMP or GIF file)");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1000L << 20); // within what an image may have, and not to be read
        }
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class).hasMessageContaining("not an image");
        Files.write(file, new byte[0]);
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessageContaining("not an image");
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

    /** Four components of one value each, as PIL and OpenCV make red, green and blue of them. */
    @ParameterizedTest
    @CsvSource({
        "-1, 60, 120, 200, 40, 165, 114, 47", // (255 − c)(255 − k) / 255
        " 0, 60, 120, 200, 40, 9, 19, 31", // Adobe's complements: c·k / 255
        " 2, 120, 128, 128, 200, 106, 106, 106", // YCCK: 255 − 120 of each ink
        " 2, 76, 85, 255, 255, 1, 255, 255"}) // YCCK of red: its complement
    void readsCmykAsOthersDo(int adobeTransform, int c, int m, int y, int k, int red, int green, int blue) throws IOException {
        Path file = folder.resolve("cmyk.jpg");
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        WritableRaster raster = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, new Point());
        for (int i = 0; i < 256; i++) {
            raster.setPixel(i % 16, i / 16, new int[]{c, m, y, k});
        }
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(raster, null, null), null);
        } finally {
            writer.dispose();
        }
        if (adobeTransform >= 0) {
            ByteBuffer adobe = ByteBuffer.allocate(16).putShort((short) 0xFFEE).putShort((short) 14)
                .put("Adobe".getBytes(StandardCharsets.US_ASCII)).putShort((short) 100).putInt(0).put((byte) adobeTransform);
            Files.write(file, withSegment(Files.readAllBytes(file), adobe.array()));
        }
        RgbImage decoded = ImageDecoder.decode(file);
        assertThat(decoded.width()).isEqualTo(16);
        assertThat(decoded.pixels()[0] & 0xFF).isCloseTo(red, within(3));
        assertThat(decoded.pixels()[1] & 0xFF).isCloseTo(green, within(3));
        assertThat(decoded.pixels()[2] & 0xFF).isCloseTo(blue, within(3));
    }

    /** Photo editors and phones write EXIF and then XMP, both in segments of one name. */
    @Test
    void anXmpSegmentDoesNotUndoTheOrientation() throws IOException {
        Path file = TestImages.write(TestImages.blocks(24, 16, 1), folder.resolve("x.jpg"));
        byte[] xmp = ("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer segment = ByteBuffer.allocate(4 + xmp.length).putShort((short) 0xFFE1)
            .putShort((short) (2 + xmp.length)).put(xmp);
        byte[] plain = Files.readAllBytes(file);
        Files.write(file, withOrientation(withSegment(plain, segment.array()), 6)); // EXIF first
        assertThat(ImageDecoder.decode(file).width()).isEqualTo(16);
        Files.write(file, withSegment(withOrientation(plain, 6), segment.array()));
        assertThat(ImageDecoder.decode(file).width()).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource({"6, 16, 24", "3, 24, 16"})
    void pngMayBeTurnedToo(int orientation, int width, int height) throws IOException {
        Path file = TestImages.write(TestImages.blocks(24, 16, 1), folder.resolve("x.png"));
        RgbImage plain = ImageDecoder.decode(file);
        Files.write(file, withChunk(Files.readAllBytes(file), "eXIf", tiff(orientation)));
        RgbImage decoded = ImageDecoder.decode(file);
        assertThat(decoded.width()).isEqualTo(width);
        assertThat(decoded.height()).isEqualTo(height);
        assertThat(decoded.pixels()).isEqualTo(plain.upright(orientation).pixels());
    }

    private static byte[] withChunk(byte[] png, String name, byte[] content) {
        byte[] named = ByteBuffer.allocate(4 + content.length).put(name.getBytes(StandardCharsets.US_ASCII)).put(content).array();
        CRC32 checksum = new CRC32();
        checksum.update(named);
        ByteBuffer chunk = ByteBuffer.allocate(8 + named.length).putInt(content.length).put(named).putInt((int) checksum.getValue());
        int behindHeader = 8 + 25;
        return ByteBuffer.allocate(png.length + chunk.capacity()).put(png, 0, behindHeader).put(chunk.array())
            .put(png, behindHeader, png.length - behindHeader).array();
    }

    @ParameterizedTest
    @ValueSource(ints = {ColorSpace.CS_LINEAR_RGB, ColorSpace.CS_GRAY, ColorSpace.CS_CIEXYZ})
    void colourProfilesAndGammaOfPngAreLeftAside(int space) throws IOException {
        ByteArrayOutputStream profile = new ByteArrayOutputStream();
        profile.writeBytes("x\0\0".getBytes(StandardCharsets.US_ASCII)); // its name, and how it is compressed
        try (DeflaterOutputStream compressed = new DeflaterOutputStream(profile)) {
            compressed.write(ICC_Profile.getInstance(space).getData());
        }
        Path file = TestImages.write(TestImages.blocks(24, 16, 1), folder.resolve("x.png"));
        RgbImage plain = ImageDecoder.decode(file);
        byte[] linear = ByteBuffer.allocate(4).putInt(100_000).array();
        Files.write(file, withChunk(withChunk(Files.readAllBytes(file), "iCCP", profile.toByteArray()), "gAMA", linear));
        assertThat(ImageDecoder.decode(file).pixels()).isEqualTo(plain.pixels());
    }

    @ParameterizedTest
    @ValueSource(ints = {ColorSpace.CS_LINEAR_RGB, ColorSpace.CS_GRAY, ColorSpace.CS_CIEXYZ})
    void colourProfilesAreLeftAside(int space) throws IOException {
        byte[] profile = ICC_Profile.getInstance(space).getData();
        Path file = TestImages.write(TestImages.blocks(24, 16, 1), folder.resolve("x.jpg"));
        RgbImage plain = ImageDecoder.decode(file);
        ByteBuffer segment = ByteBuffer.allocate(18 + profile.length).putShort((short) 0xFFE2)
            .putShort((short) (16 + profile.length))
            .put("ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 1).put(profile);
        Files.write(file, withSegment(Files.readAllBytes(file), segment.array()));
        assertThat(ImageDecoder.decode(file).pixels()).isEqualTo(plain.pixels());
    }

    /** ImageIO takes components of these names for RGB where libjpeg, and what is built on it, takes them for YCbCr. */
    @Test
    void threeComponentsAreYcbcrUnlessTheFileSaysOtherwise() throws IOException {
        Path file = folder.resolve("x.jpg");
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        fill(image, 0xC86432);
        TestImages.write(image, file);
        RgbImage usual = ImageDecoder.decode(file);
        byte[] jpeg = Files.readAllBytes(file);
        Files.write(file, withoutJfifAndNamed(jpeg, new byte[]{5, 6, 7}));
        assertThat(ImageDecoder.decode(file).pixels()).isEqualTo(usual.pixels());
        Files.write(file, withoutJfifAndNamed(jpeg, new byte[]{'R', 'G', 'B'}));
        assertThat(ImageDecoder.decode(file).pixels()).isNotEqualTo(usual.pixels());
    }

    private static byte[] withoutJfifAndNamed(byte[] jpeg, byte[] names) {
        byte[] bytes = jpeg.clone();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, 2);
        for (int at = 2; (bytes[at + 1] & 0xFF) != 0xDA;) {
            int end = at + 2 + ((bytes[at + 2] & 0xFF) << 8 | bytes[at + 3] & 0xFF);
            if ((bytes[at + 1] & 0xFF) == 0xC0) {
                for (int i = 0; i < 3; i++) {
                    bytes[at + 10 + 3 * i] = names[i];
                }
            }
            if ((bytes[at + 1] & 0xFF) != 0xE0) {
                out.write(bytes, at, end - at);
            }
            at = end;
            if ((bytes[at + 1] & 0xFF) == 0xDA) {
                for (int i = 0; i < 3; i++) {
                    bytes[at + 5 + 2 * i] = names[i];
                }
                out.write(bytes, at, bytes.length - at);
            }
        }
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bmp", "gif", "tiff"})
    void readsOtherFormats(String format) throws IOException {
        IndexColorModel palette = new IndexColorModel(1, 2, new byte[]{0, (byte) 0xFF}, new byte[]{0, (byte) 0x80},
            new byte[]{0, 0x40});
        BufferedImage image = new BufferedImage(6, 4, BufferedImage.TYPE_BYTE_BINARY, palette);
        image.getRaster().setSample(2, 1, 0, 1);
        Path file = folder.resolve("x." + format);
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ImageWriteParam inOrder = writer.getDefaultWriteParam();
        if (inOrder.canWriteProgressive()) {
            inOrder.setProgressiveMode(ImageWriteParam.MODE_DISABLED); // the writer loses rows of small interlaced images
        }
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), inOrder);
        } finally {
            writer.dispose();
        }
        RgbImage decoded = ImageDecoder.decode(file);
        assertThat(pixel(decoded, 2, 1)).isEqualTo(0xFF8040);
        assertThat(pixel(decoded, 0, 0)).isEqualTo(0);
    }

    /** A lossless file whose every pixel has one colour needs no bits for its pixels (RFC 9649, section 3). */
    @Test
    void readsWebpTurnedAsExifSays() throws IOException {
        BitWriter bits = new BitWriter();
        bits.write(0x2F, 8).write(24 - 1, 14).write(16 - 1, 14).write(0, 1).write(0, 3); // signature, size, no alpha, version
        bits.write(0, 1).write(0, 1).write(0, 1); // no transform, no cache, one group of codes
        for (int symbol : new int[]{0x64, 0xC8, 0x32, 0xFF, 0}) { // green, red, blue, alpha, distance
            bits.write(1, 1).write(0, 1).write(1, 1).write(symbol, 8); // a code of one symbol
        }
        byte[] image = chunk("VP8L", bits.bytes());
        Path file = folder.resolve("x.webp");
        Files.write(file, riff(image));
        RgbImage decoded = ImageDecoder.decode(file);
        assertThat(List.of(decoded.width(), decoded.height())).containsExactly(24, 16);
        assertThat(pixel(decoded, 23, 15)).isEqualTo(0xC86432);

        byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
        byte[] features = {0x20 | 0x08, 0, 0, 0, 23, 0, 0, 15, 0, 0};
        Files.write(file, riff(chunk("VP8X", features), chunk("ICCP", profile), image, chunk("EXIF", tiff(6))));
        RgbImage turned = ImageDecoder.decode(file);
        assertThat(List.of(turned.width(), turned.height())).containsExactly(16, 24);
        assertThat(pixel(turned, 0, 0)).isEqualTo(0xC86432);

        byte[] vast = {0, 0, 0, 0, 23, 0, 0, 0, 0, 0x40};
        Files.write(file, riff(chunk("VP8X", vast), image));
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class).hasMessage(file
            + ": damaged WebP: an image of 24×16 pixels on a canvas of 24×4194305 (expected: a whole image)");
        Files.write(file, riff(chunk("VP8X", vast)));
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class).hasMessage(file
            + ": damaged WebP: no image in it (expected: a whole image)");
    }

    /** Found by fuzzing: a million codes, all of them behind the end, which took 40 s of exceptions and then seconds of zeros. */
    @Test
    void codesBehindTheEndAreNotRead() throws IOException {
        Path file = Files.write(folder.resolve("x.webp"), Base64.getDecoder().decode("UklGRhwAAABXRUJQVlA4TA8AAAAvCAACEK0Wsv0PAAAAAAAA"));
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": damaged WebP: it ends too early (expected: a whole image)");
    }

    @Test
    void aSmallGifOnAVastScreenIsRefused() throws IOException {
        Path file = folder.resolve("x.gif");
        ImageIO.write(new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_BINARY), "gif", file.toFile());
        byte[] gif = Files.readAllBytes(file);
        Arrays.fill(gif, 6, 10, (byte) 0xFF);
        Files.write(file, gif);
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": 65535×65535 pixels (expected: at most 134217727)");
    }

    private static byte[] chunk(String name, byte[] content) {
        return ByteBuffer.allocate(8 + content.length + content.length % 2).order(ByteOrder.LITTLE_ENDIAN)
            .put(name.getBytes(StandardCharsets.US_ASCII)).putInt(content.length).put(content).array();
    }

    private static byte[] riff(byte[]... chunks) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes("WEBP".getBytes(StandardCharsets.US_ASCII));
        for (byte[] chunk : chunks) {
            content.writeBytes(chunk);
        }
        return chunk("RIFF", content.toByteArray());
    }

    /** Least significant bit first. */
    private static final class BitWriter {
        private final BitSet bits = new BitSet();
        private int size;

        BitWriter write(int value, int count) {
            for (int i = 0; i < count; i++) {
                bits.set(size++, (value >> i & 1) == 1);
            }
            return this;
        }

        byte[] bytes() {
            return Arrays.copyOf(bits.toByteArray(), (size + 7) / 8 + 4);
        }
    }

    /** Baseline TIFF (TIFF 6.0, part 1), two pixels in a row: what each kind of samples says of them. */
    @ParameterizedTest
    @CsvSource({
        "0, 1, 8, 0, 0037, 1, FFFFFF, C8C8C8", // white is zero
        "1, 1, 8, 0, 0037, 1, 000000, 373737",
        "1, 1, 16, 0, ABCD3700, 1, ABABAB, 373737",
        "2, 3, 8, 0, C8643201020F, 1, C86432, 01020F",
        "2, 3, 8, 0, C8643201020F, 3, 01020F, C86432", // upside down
        "2, 4, 8, 1, 80402080FFFFFF00, 1, 804020, FFFFFF", // multiplied by alpha already
        "2, 4, 8, 2, FF804080FF804000, 1, 804020, 000000"})
    void readsTiff(int photometric, int samples, int bits, int extra, String pixels, int orientation, String left, String right)
        throws IOException {
        Path file = folder.resolve("x.tif");
        Files.write(file, twoPixels(photometric, samples, bits, extra, HexFormat.of().parseHex(pixels), orientation));
        RgbImage decoded = ImageDecoder.decode(file);
        assertThat(List.of(decoded.width(), decoded.height())).containsExactly(2, 1);
        assertThat(List.of(pixel(decoded, 0, 0), pixel(decoded, 1, 0)))
            .containsExactly(HexFormat.fromHexDigits(left), HexFormat.fromHexDigits(right));
    }

    /** The directory of the next image is the first one's again. */
    @Test
    @Timeout(20)
    void aTiffOfEndlesslyManyImagesHasAFirst() throws IOException {
        byte[] tiff = twoPixels(1, 1, 8, 0, new byte[]{1, 2}, 1);
        ByteBuffer.wrap(tiff).putInt(8 + 2 + 12 * 10, 8);
        RgbImage decoded = ImageDecoder.decode(Files.write(folder.resolve("x.tif"), tiff));
        assertThat(List.of(pixel(decoded, 0, 0), pixel(decoded, 1, 0))).containsExactly(0x010101, 0x020202);
    }

    @ParameterizedTest
    @CsvSource({"5, 4, 8, 0102030405060708", "1, 1, 32, 0000000100000002"})
    void refusesTiffOfOtherSamples(int photometric, int samples, int bits, String pixels) throws IOException {
        Path file = folder.resolve("x.tif");
        Files.write(file, twoPixels(photometric, samples, bits, 0, HexFormat.of().parseHex(pixels), 1));
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": a TIFF of other samples (expected: ");
    }

    /** A tile is decoded whole: a small file must not claim the memory of a large one. */
    @ParameterizedTest
    @CsvSource({"500000000, 16", "16, 500000000", "65536, 65536"})
    void refusesTiffWhoseTilesAreLargerThanAnyImage(int width, int height) throws IOException {
        Path file = Files.write(folder.resolve("x.tif"), tiled(width, height));
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class).hasMessage(file + ": damaged TIFF: tiles of "
            + width + "×" + height + " pixels in an image of 8×8 (expected: a whole image)");
    }

    @ParameterizedTest
    @CsvSource({"16, 16", "1024, 16"})
    void readsTiffWhoseTilesReachBeyondTheImage(int width, int height) throws IOException {
        RgbImage decoded = ImageDecoder.decode(Files.write(folder.resolve("x.tif"), tiled(width, height)));
        assertThat(List.of(decoded.width(), decoded.height())).containsExactly(8, 8);
        assertThat(pixel(decoded, 7, 7)).isEqualTo(0x373737);
    }

    /** Eight pixels a side, in RGB, all of one gray, in one tile; the tile itself is there up to 1024×16 pixels. */
    private static byte[] tiled(int width, int height) {
        int bytes = 3 * Math.min(width, 1024) * Math.min(height, 16);
        int[][] tags = {{256, 8}, {257, 8}, {258, 8}, {259, 1}, {262, 2}, {277, 3}, {322, width}, {323, height}, {324, 0}, {325, bytes}};
        int behind = 8 + 2 + 12 * tags.length + 4;
        ByteBuffer tiff = ByteBuffer.allocate(behind + 6 + bytes);
        tiff.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(8).putShort((short) tags.length);
        for (int[] tag : tags) {
            boolean isBits = tag[0] == 258;
            tiff.putShort((short) tag[0]).putShort((short) (isBits ? 3 : 4)).putInt(isBits ? 3 : 1)
                .putInt(isBits ? behind : tag[0] == 324 ? behind + 6 : tag[1]);
        }
        tiff.putInt(0).putShort((short) 8).putShort((short) 8).putShort((short) 8);
        while (tiff.hasRemaining()) {
            tiff.put((byte) 0x37);
        }
        return tiff.array();
    }

    /** A share that went away, or a folder that is closed to this user: the file may be whole. */
    @Test
    void whatCannotBeFoundNowIsNoDamage() throws IOException {
        Path elsewhere = Files.createFile(folder.resolve("share"));
        Path loop = folder.resolve("loop.jpg");
        Files.createSymbolicLink(loop, loop);
        for (Path file : List.of(folder.resolve("gone.jpg"), elsewhere.resolve("x.jpg"), loop)) {
            assertThatThrownBy(() -> ImageDecoder.decode(file)).as("%s", file).isInstanceOf(FileSystemException.class);
        }
        assertThatThrownBy(() -> ImageDecoder.decode(folder)).isInstanceOf(InputException.class).hasMessageContaining("a folder");
    }

    private static byte[] twoPixels(int photometric, int samples, int bits, int extra, byte[] pixels, int orientation) {
        int[][] tags = {{256, 2}, {257, 1}, {258, bits}, {259, 1}, {262, photometric}, {273, 0}, {274, orientation}, {277, samples},
            {278, 1}, {279, pixels.length}, {338, extra}};
        int fields = extra == 0 ? tags.length - 1 : tags.length;
        int behind = 8 + 2 + 12 * fields + 4;
        ByteBuffer tiff = ByteBuffer.allocate(behind + 2 * samples + pixels.length);
        tiff.put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(8).putShort((short) fields);
        for (int i = 0; i < fields; i++) {
            int tag = tags[i][0];
            int count = tag == 258 ? samples : 1;
            tiff.putShort((short) tag).putShort((short) (tag == 273 ? 4 : 3)).putInt(count);
            if (count > 2) {
                tiff.putInt(behind);
            } else if (tag == 273) {
                tiff.putInt(behind + 2 * samples);
            } else {
                tiff.putShort((short) tags[i][1]).putShort((short) 0);
            }
        }
        tiff.putInt(0);
        for (int i = 0; i < samples; i++) {
            tiff.putShort((short) bits);
        }
        return tiff.put(pixels).array();
    }

    @Test
    void anImageBeyondMemoryIsNamed() throws IOException {
        Path file = folder.resolve("x.png");
        TestImages.write(new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY), file);
        byte[] png = Files.readAllBytes(file);
        ByteBuffer.wrap(png).putInt(16, 60_000).putInt(20, 60_000);
        CRC32 checksum = new CRC32();
        checksum.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) checksum.getValue());
        Files.write(file, png);
        assertThatThrownBy(() -> ImageDecoder.decode(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": 60000×60000 pixels (expected: at most 134217727)");
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

    private static byte[] withOrientation(byte[] jpeg, int orientation) {
        byte[] tiff = tiff(orientation);
        return withSegment(jpeg, ByteBuffer.allocate(10 + tiff.length).putShort((short) 0xFFE1)
            .putShort((short) (8 + tiff.length)).put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(tiff).array());
    }

    /** A directory with one tag. */
    private static byte[] tiff(int orientation) {
        return ByteBuffer.allocate(26).put("MM".getBytes(StandardCharsets.US_ASCII)).putShort((short) 42).putInt(8)
            .putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation).array();
    }

    /** Puts a segment behind the start-of-image marker. */
    private static byte[] withSegment(byte[] jpeg, byte[] segment) {
        return ByteBuffer.allocate(jpeg.length + segment.length).put(jpeg, 0, 2).put(segment)
            .put(jpeg, 2, jpeg.length - 2).array();
    }
}

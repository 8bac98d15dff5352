package dev.lutra.tests.fuzz;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Small images of every kind that is read: formats, compressions, colours, orders. */
final class ImageSeeds {

    private static final int SIDE = 9;
    private static final List<String> TIFF_COMPRESSIONS = List.of("LZW", "PackBits", "ZLib", "Deflate", "JPEG");
    private static final List<String> TIFF_BLACK_AND_WHITE = List.of("CCITT RLE", "CCITT T.4", "CCITT T.6");

    private final List<byte[]> files = new ArrayList<>();

    private ImageSeeds() {}

    static Stream<byte[]> all() throws IOException {
        ImageSeeds seeds = new ImageSeeds();
        seeds.addPng();
        seeds.addJpeg();
        seeds.addTiff();
        seeds.addGifAndBmp();
        seeds.addWebp();
        return seeds.files.stream();
    }

    private static BufferedImage image(int type) {
        return drawn(new BufferedImage(SIDE, SIDE, type));
    }

    private static BufferedImage palette(int bits) {
        byte[] shades = {0, 90, (byte) 180, (byte) 255};
        IndexColorModel model = new IndexColorModel(bits, 1 << Math.min(bits, 2), shades, shades, shades, 1);
        return drawn(new BufferedImage(SIDE, SIDE, bits == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY, model));
    }

    private static BufferedImage drawn(BufferedImage image) {
        for (int i = 0; i < SIDE; i++) {
            image.setRGB(i, i * i % SIDE, 0xFF8040 + i);
        }
        return image;
    }

    private interface Setting {
        void apply(ImageWriteParam settings);
    }

    private byte[] written(String format, IIOImage image, Setting setting) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam settings = writer.getDefaultWriteParam();
            setting.apply(settings);
            writer.write(null, image, settings);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private void add(String format, BufferedImage image, Setting setting) throws IOException {
        files.add(written(format, new IIOImage(image, null, null), setting));
    }

    private void add(String format, BufferedImage image) throws IOException {
        add(format, image, settings -> {});
    }

    private static void progressive(ImageWriteParam settings) {
        settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }

    private static Setting compressed(String type) {
        return settings -> {
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionType(type);
        };
    }

    private void addPng() throws IOException {
        add("png", image(BufferedImage.TYPE_INT_RGB));
        add("png", image(BufferedImage.TYPE_INT_ARGB), ImageSeeds::progressive);
        add("png", image(BufferedImage.TYPE_USHORT_GRAY));
        add("png", palette(2));
        byte[] png = files.get(0);
        byte[] turned = ByteBuffer.allocate(12 + 26).putInt(26).put("eXIf".getBytes(StandardCharsets.US_ASCII)).put(exif()).array();
        files.add(joined(Arrays.copyOf(png, png.length - 12), turned, Arrays.copyOfRange(png, png.length - 12, png.length)));
    }

    private void addJpeg() throws IOException {
        add("jpeg", image(BufferedImage.TYPE_INT_RGB));
        add("jpeg", image(BufferedImage.TYPE_BYTE_GRAY), ImageSeeds::progressive);
        byte[] jpeg = files.get(files.size() - 2);
        byte[] prefix = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
        byte[] turned = ByteBuffer.allocate(4 + 6 + 26).putShort((short) 0xFFE1).putShort((short) (2 + 6 + 26)).put(prefix).put(exif()).array();
        files.add(joined(Arrays.copyOf(jpeg, 2), turned, Arrays.copyOfRange(jpeg, 2, jpeg.length)));
        WritableRaster inks = Raster.createInterleavedRaster(0, SIDE, SIDE, 4, null);
        inks.setPixel(4, 4, new int[]{9, 99, 199, 29});
        byte[] plain = written("jpeg", new IIOImage(inks, null, null), settings -> {});
        files.add(plain);
        byte[] adobe = {(byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 2};
        files.add(joined(Arrays.copyOf(plain, 2), adobe, Arrays.copyOfRange(plain, 2, plain.length)));
    }

    private void addTiff() throws IOException {
        add("tiff", image(BufferedImage.TYPE_INT_RGB));
        add("tiff", image(BufferedImage.TYPE_INT_ARGB));
        add("tiff", image(BufferedImage.TYPE_USHORT_GRAY));
        add("tiff", palette(8));
        for (String compression : TIFF_COMPRESSIONS) {
            add("tiff", image(BufferedImage.TYPE_3BYTE_BGR), compressed(compression));
        }
        for (String compression : TIFF_BLACK_AND_WHITE) {
            add("tiff", image(BufferedImage.TYPE_BYTE_BINARY), compressed(compression));
        }
    }

    private void addGifAndBmp() throws IOException {
        add("gif", palette(8));
        byte[] onScreen = files.get(files.size() - 1).clone();
        onScreen[6] = SIDE + 3;
        onScreen[8] = SIDE + 2;
        files.add(onScreen);
        add("bmp", image(BufferedImage.TYPE_INT_RGB));
        add("bmp", palette(1));
        add("bmp", image(BufferedImage.TYPE_BYTE_INDEXED), compressed("BI_RLE8"));
        add("bmp", image(BufferedImage.TYPE_USHORT_565_RGB), compressed("BI_BITFIELDS"));
    }

    /** Lossless: one colour, which needs no bits for its pixels (RFC 9649, section 3). Lossy: a key frame of zeros (RFC 6386, section 9). */
    private void addWebp() {
        byte[] lossless = {0x2F, SIDE - 1, (byte) ((SIDE - 1) << 6), (SIDE - 1) >> 2, 0x10, 0x2D, 0x16, (byte) 0xB2, (byte) 0xFD, 0x0F, 0, 0,
            0, 0, 0};
        files.add(riff(chunk("VP8L", lossless)));
        int tag = 1 << 4 | 64 << 5; // a key frame that is shown, of version 0, and the size of its first partition
        byte[] lossy = ByteBuffer.allocate(10 + 128).order(ByteOrder.LITTLE_ENDIAN).put((byte) tag).put((byte) (tag >> 8)).put((byte) 0)
            .put((byte) 0x9D).put((byte) 0x01).put((byte) 0x2A).putShort((short) SIDE).putShort((short) SIDE).array();
        files.add(riff(chunk("VP8 ", lossy)));
        byte[] features = {0x28, 0, 0, 0, SIDE - 1, 0, 0, SIDE - 1, 0, 0};
        files.add(riff(chunk("VP8X", features), chunk("ICCP", new byte[4]), chunk("VP8 ", lossy), chunk("EXIF", exif())));
    }

    /** One directory of one entry, the orientation: turned by a quarter. */
    private static byte[] exif() {
        return ByteBuffer.allocate(26).order(ByteOrder.BIG_ENDIAN).put((byte) 'M').put((byte) 'M').putShort((short) 42).putInt(8)
            .putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) 6).array();
    }

    private static byte[] chunk(String name, byte[] content) {
        return ByteBuffer.allocate(8 + content.length + content.length % 2).order(ByteOrder.LITTLE_ENDIAN)
            .put(name.getBytes(StandardCharsets.US_ASCII)).putInt(content.length).put(content).array();
    }

    private static byte[] riff(byte[]... chunks) {
        return chunk("RIFF", joined("WEBP".getBytes(StandardCharsets.US_ASCII), joined(chunks)));
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}

package dev.lutra.data;

import dev.lutra.data.source.Source;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Image files and data that the tests read. */
public final class TestImages {

    private TestImages() {}

    /** An image of random blocks, so that no two are alike. */
    public static BufferedImage blocks(int width, int height, long seed) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        SplittableRandom random = new SplittableRandom(seed);
        for (int y = 0; y < height; y += 4) {
            for (int x = 0; x < width; x += 4) {
                int colour = random.nextInt(1 << 24);
                for (int dy = 0; dy < Math.min(4, height - y); dy++) {
                    for (int dx = 0; dx < Math.min(4, width - x); dx++) {
                        image.setRGB(x + dx, y + dy, colour);
                    }
                }
            }
        }
        return image;
    }

    public static Path write(BufferedImage image, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        String format = file.toString().endsWith(".png") ? "png" : "jpg";
        if (!ImageIO.write(image, format, file.toFile())) {
            throw new IOException("no writer for " + file);
        }
        return file;
    }

    /** A folder of PNG files: class {@code a} has as many as the first count says, {@code b} as the second, and so on. */
    public static Path folder(Path folder, int width, int height, int... counts) throws IOException {
        for (int label = 0; label < counts.length; label++) {
            for (int i = 0; i < counts[label]; i++) {
                write(blocks(width, height, 1000L * label + i),
                    folder.resolve(Character.toString('a' + label)).resolve("%03d.png".formatted(i)));
            }
        }
        return folder;
    }

    public static DataSpec spec(Source train, int imageSize) {
        return new DataSpec(train, Optional.empty(), Optional.empty(), 0.2, imageSize, 7);
    }

    /** Each batch's values, copied. */
    public static List<float[]> values(Batches batches) {
        List<float[]> all = new ArrayList<>();
        try (batches) {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                float[] values = new float[batch.size() * batch.height() * batch.width() * 3];
                batch.pixels().get(values);
                all.add(values);
            }
        }
        return all;
    }

    /** Classes of images that show one each, in the order of {@link Split#inOrder}. */
    public static int[] labels(Split split) {
        return ((Shown.One) split.shown()).labels();
    }

    public static List<Integer> labels(Batches batches) {
        List<Integer> all = new ArrayList<>();
        try (batches) {
            while (batches.hasNext()) {
                for (int label : batches.next().labels()) {
                    all.add(label);
                }
            }
        }
        return all;
    }
}

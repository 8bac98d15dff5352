package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.Network;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.TrainingSettings;
import java.awt.GradientPaint;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * A folder of many images: how long until the first step, what is kept of them, and how many a second are prepared beside how many a training
 * takes. Run by {@code tests/benchmarks/folder.sh}.
 */
public final class FolderOfImages {

    private static final int CLASSES = 10;
    private static final int DIFFERENT = 500;
    private static final int WIDTH = 320;
    private static final int HEIGHT = 240;
    private static final int WARM_UP = 5;

    private FolderOfImages() {}

    /**
     * @param args {@code draw FOLDER COUNT}, or {@code train FOLDER CACHE SPACE SIZE BATCH STEPS}, which prints one line of JSON
     */
    public static void main(String[] args) throws IOException {
        if (args[0].equals("draw")) {
            draw(Path.of(args[1]), Integer.parseInt(args[2]));
        } else {
            train(args);
        }
    }

    /** JPEG files, every one different by a comment, of some hundred pictures. */
    private static void draw(Path folder, int count) throws IOException {
        List<byte[]> pictures = new ArrayList<>();
        for (int seed = 0; seed < DIFFERENT; seed++) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            ImageIO.write(picture(new Random(seed)), "jpg", bytes);
            pictures.add(bytes.toByteArray());
        }
        for (int label = 0; label < CLASSES; label++) {
            Files.createDirectories(folder.resolve("class" + label));
        }
        for (int i = 0; i < count; i++) {
            byte[] picture = pictures.get(i % DIFFERENT);
            try (OutputStream out = Files.newOutputStream(folder.resolve("class" + i % CLASSES).resolve(String.format("%06d.jpg", i)))) {
                out.write(picture, 0, 2); // the start of an image, then a comment of four bytes
                out.write(new byte[]{(byte) 0xFF, (byte) 0xFE, 0, 6, (byte) (i >> 24), (byte) (i >> 16), (byte) (i >> 8), (byte) i});
                out.write(picture, 2, picture.length - 2);
            }
        }
    }

    private static BufferedImage picture(Random random) {
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setPaint(new GradientPaint(0, 0, new Color(random.nextInt(1 << 24)), WIDTH, HEIGHT, new Color(random.nextInt(1 << 24))));
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        for (int i = 0; i < 60; i++) {
            graphics.setColor(new Color(random.nextInt(1 << 24)));
            graphics.fillOval(random.nextInt(WIDTH), random.nextInt(HEIGHT), 5 + random.nextInt(60), 5 + random.nextInt(60));
        }
        graphics.dispose();
        for (int i = 0; i < WIDTH * HEIGHT; i++) { // photographs have noise, which takes the decoder's time
            int rgb = image.getRGB(i % WIDTH, i / WIDTH);
            int noise = random.nextInt(12);
            image.setRGB(i % WIDTH, i / WIDTH, Math.min(rgb >> 16 & 255, 243) + noise << 16 | Math.min(rgb >> 8 & 255, 243) + noise << 8
                | Math.min(rgb & 255, 243) + noise);
        }
        return image;
    }

    private static void train(String[] args) throws IOException {
        Path cache = Path.of(args[2]);
        SearchSpace space = SpaceFile.load(args[3]).withImageSize(Integer.parseInt(args[4])).withClasses(CLASSES);
        int batch = Integer.parseInt(args[5]);
        int steps = Integer.parseInt(args[6]);
        int[] decoded = {0};
        DataSpec spec = DataSpec.of(new Source.Folder(Path.of(args[1])), space.input().height(), 1);
        try (ImageData data = ImageData.open(spec, cache, counting(decoded));
            SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            Learner learner = new Learner(weights, TrainingSettings.defaults(), false)) {
            double opened = sinceStart();
            Random random = new Random(1);
            double first = 0;
            double training;
            double waited = 0;
            try (Batches batches = data.train().shuffled(batch, 1, 0, 0)) {
                long begin = 0;
                for (int step = 0; step < WARM_UP + steps; step++) {
                    if (step == WARM_UP) {
                        begin = System.nanoTime();
                        waited = 0;
                    }
                    long before = System.nanoTime();
                    Batch images = batches.next();
                    waited += System.nanoTime() - before;
                    Network path = space.build(space.random(random));
                    learner.step(List.of(path), images, 0.01, step);
                    first = step == 0 ? sinceStart() : first;
                }
                training = (System.nanoTime() - begin) / 1e9;
            }
            System.out.printf(Locale.ROOT,
                "{\"images\": %d, \"decoded\": %d, \"opened_seconds\": %.2f, \"first_step_seconds\": %.2f, \"cache_bytes\": %d, "
                    + "\"loader_images_per_second\": %.0f, \"training_images_per_second\": %.1f, \"wait_share\": %.4f}%n",
                data.train().size() + data.validation().size(), decoded[0], opened, first, bytes(cache), loader(data, batch),
                batch * steps / training, waited / 1e9 / training);
        }
    }

    /** Images a second that the loader prepares while nothing else computes. */
    private static double loader(ImageData data, int batch) {
        try (Batches batches = data.train().shuffled(batch, 1, 1, 0)) {
            for (int i = 0; i < WARM_UP; i++) {
                batches.next();
            }
            long begin = System.nanoTime();
            int images = 0;
            while (batches.hasNext() && System.nanoTime() - begin < 10_000_000_000L) {
                images += batches.next().size();
            }
            return images / ((System.nanoTime() - begin) / 1e9);
        }
    }

    private static DataProgress counting(int[] decoded) {
        return (source, done, total) -> decoded[0] = done;
    }

    /** Since this process began. */
    private static double sinceStart() {
        return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) / 1e3;
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }
}

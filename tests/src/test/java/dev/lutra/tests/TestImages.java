package dev.lutra.tests;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Real image files for tests, drawn on the spot. */
final class TestImages {

    private static final int SIDE = 32;

    private TestImages() {}

    /** Writes PNG files of noise around a colour of its own for every class. */
    static void draw(Path folder, int imagesPerClass, String... classes) throws IOException {
        Random random = new Random(1);
        for (int c = 0; c < classes.length; c++) {
            Path files = Files.createDirectories(folder.resolve(classes[c]));
            for (int i = 0; i < imagesPerClass; i++) {
                BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
                Graphics2D graphics = image.createGraphics();
                graphics.setColor(Color.getHSBColor((float) c / classes.length, 0.8f, 0.4f + 0.5f * random.nextFloat()));
                graphics.fillRect(random.nextInt(8), random.nextInt(8), SIDE, SIDE);
                graphics.dispose();
                ImageIO.write(image, "png", files.resolve(i + ".png").toFile());
            }
        }
    }
}

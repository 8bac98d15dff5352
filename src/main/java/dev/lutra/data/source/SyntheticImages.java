package dev.lutra.data.source;

import dev.lutra.Draws;
import dev.lutra.ImageSize;
import dev.lutra.data.image.RgbImage;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Images drawn by the program: a textured shape on a ground that fades from one colour to another, with some small discs
 * lying about. The class says which shape and which texture; place, size, proportions, tilt, colours and phase are random,
 * so that pixels by themselves say little and a network has to find edges and textures. Classes survive a horizontal flip.
 * StrictMath makes the images the same on every machine.
 */
final class SyntheticImages implements Listing {

    private static final double[] WAVES_PER_IMAGE = {6, 9, 4, 2.5};

    /** Every shape with every texture at every frequency. */
    static final int MAX_CLASSES = Shape.values().length * Texture.values().length * WAVES_PER_IMAGE.length;

    private static final double NOISE = 0.08;
    private static final int SMALL_DISCS = 3;

    private enum Shape {
        DISC, SQUARE, TRIANGLE, RING, CROSS;

        /** Whether a point is inside the shape of radius 1 about the origin. */
        boolean contains(double u, double v) {
            return switch (this) {
                case DISC -> u * u + v * v <= 1;
                case SQUARE -> Math.max(Math.abs(u), Math.abs(v)) <= 0.85;
                case TRIANGLE -> v >= -0.9 && v <= 0.8 && Math.abs(u) <= (v + 0.9) / 1.7;
                case RING -> u * u + v * v <= 1 && u * u + v * v >= 0.3;
                case CROSS -> Math.max(Math.abs(u), Math.abs(v)) <= 1 && Math.min(Math.abs(u), Math.abs(v)) <= 0.33;
            };
        }
    }

    private enum Texture {
        HORIZONTAL_STRIPES, CHECKS, VERTICAL_STRIPES, DIAGONAL_STRIPES, DOTS;

        /**
         * Share of the second colour, 0 to 1.
         *
         * @param x and
         * @param y place in radians of one wave
         * @param way 1 or -1: which of the two diagonals, as a flip turns one into the other
         */
        double at(double x, double y, int way) {
            double wave = switch (this) {
                case HORIZONTAL_STRIPES -> StrictMath.sin(y);
                case VERTICAL_STRIPES -> StrictMath.sin(x);
                case DIAGONAL_STRIPES -> StrictMath.sin((x + way * y) * StrictMath.sqrt(0.5));
                case CHECKS -> 1.5 * StrictMath.sin(x) * StrictMath.sin(y);
                case DOTS -> 1.5 * StrictMath.max(StrictMath.sin(x) + StrictMath.sin(y), 0) - 1;
            };
            return (1 + Math.max(-1, Math.min(1, wave))) / 2;
        }
    }

    private final List<String> classes;
    private final int imagesPerClass;
    private final ImageSize size;
    private final long seed;

    /**
     * @param size of an image
     */
    SyntheticImages(int classes, int imagesPerClass, ImageSize size, long seed) {
        this.classes = IntStream.range(0, classes).mapToObj(label -> String.format(Locale.ROOT, "class%02d", label)).toList();
        this.imagesPerClass = imagesPerClass;
        this.size = size;
        this.seed = seed;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size() {
        return Math.multiplyExact(classes.size(), imagesPerClass);
    }

    @Override
    public String name(int image) {
        return classes.get(label(image)) + "/" + image % imagesPerClass;
    }

    @Override
    public int label(int image) {
        return image / imagesPerClass;
    }

    @Override
    public long bytes(int image) {
        return 0;
    }

    @Override
    public long modifiedMillis(int image) {
        return 0;
    }

    @Override
    public String describeClass(int label) {
        return "synthetic " + classes.get(label);
    }

    @Override
    public RgbImage read(int image) {
        return draw(label(image), Draws.at(seed, image));
    }

    private RgbImage draw(int label, SplittableRandom random) {
        int side = Math.min(size.height(), size.width()); // of the middle, where all that tells a class is
        double left = (size.width() - side) / 2.0;
        double top = (size.height() - side) / 2.0;
        int kind = label / Shape.values().length;
        Ground ground = Ground.random(side, random);
        Figure figure = Figure.random(Shape.values()[label % Shape.values().length],
            Texture.values()[kind % Texture.values().length],
            WAVES_PER_IMAGE[kind / Texture.values().length] / side, side, random);
        byte[] pixels = new byte[size.area() * 3];
        double[] colour = new double[3];
        for (int y = 0, at = 0; y < size.height(); y++) {
            for (int x = 0; x < size.width(); x++) {
                if (!figure.paint(x + 0.5 - left, y + 0.5 - top, colour)) {
                    ground.paint(x + 0.5 - left, y + 0.5 - top, colour);
                }
                for (double value : colour) {
                    double noise = NOISE * (random.nextDouble() + random.nextDouble() - 1);
                    pixels[at++] = (byte) Math.max(0, Math.min(255, Math.round((value + noise) * 255)));
                }
            }
        }
        return new RgbImage(size.width(), size.height(), pixels);
    }

    /** Any colour of some brightness: red, green and blue, 0 to 1. */
    private static double[] colour(double brightness, SplittableRandom random) {
        double[] colour = {random.nextDouble(), random.nextDouble(), random.nextDouble()};
        double shift = brightness - (colour[0] + colour[1] + colour[2]) / 3;
        for (int channel = 0; channel < 3; channel++) {
            colour[channel] = Math.max(0, Math.min(1, colour[channel] + shift));
        }
        return colour;
    }

    private static void mix(double[] first, double[] second, double share, double[] into) {
        for (int channel = 0; channel < 3; channel++) {
            into[channel] = first[channel] + share * (second[channel] - first[channel]);
        }
    }

    /**
     * A textured shape.
     *
     * @param turns waves of the texture a pixel
     * @param centre in pixels, as all lengths
     * @param cosine of the tilt
     * @param first and second colour of the texture
     */
    private record Figure(Shape shape, Texture texture, double turns, Point centre, double width, double height,
        double cosine, double sine, Point phase, int way, double[] first, double[] second) {

        private record Point(double x, double y) {}

        static Figure random(Shape shape, Texture texture, double turns, int side, SplittableRandom random) {
            double radius = side * random.nextDouble(0.28, 0.46);
            double stretch = random.nextDouble(0.85, 1.18);
            double tilt = random.nextDouble(-0.3, 0.3);
            double brightness = random.nextDouble(0.35, 0.65);
            double contrast = random.nextDouble(0.13, 0.30) * (random.nextBoolean() ? 1 : -1);
            return new Figure(shape, texture, turns * random.nextDouble(0.9, 1.1),
                new Point(side * random.nextDouble(0.36, 0.64), side * random.nextDouble(0.36, 0.64)), radius * stretch, radius / stretch,
                StrictMath.cos(tilt), StrictMath.sin(tilt), new Point(random.nextDouble(), random.nextDouble()), random.nextBoolean() ? 1 : -1,
                colour(brightness - contrast, random), colour(brightness + contrast, random));
        }

        /** @return whether the point is inside, and so has been given its colour */
        boolean paint(double x, double y, double[] colour) {
            double u = ((x - centre.x) * cosine + (y - centre.y) * sine) / width;
            double v = ((y - centre.y) * cosine - (x - centre.x) * sine) / height;
            if (!shape.contains(u, v)) {
                return false;
            }
            double turn = 2 * StrictMath.PI;
            mix(first, second, texture.at(turn * (x * turns + phase.x), turn * (y * turns + phase.y), way), colour);
            return true;
        }
    }

    /**
     * What is behind the figure.
     *
     * @param across and {@code down}: how far the colour moves on from the first to the second a pixel
     * @param discs three numbers each: centre and radius
     */
    private record Ground(double[] first, double[] second, double start, double across, double down, double[] discs, double[] ink) {

        static Ground random(int side, SplittableRandom random) {
            double angle = random.nextDouble(2 * StrictMath.PI);
            double across = StrictMath.cos(angle) / side;
            double down = StrictMath.sin(angle) / side;
            double[] discs = new double[3 * SMALL_DISCS];
            for (int i = 0; i < discs.length; i += 3) {
                discs[i] = side * random.nextDouble();
                discs[i + 1] = side * random.nextDouble();
                discs[i + 2] = side * random.nextDouble(0.04, 0.12);
            }
            return new Ground(colour(random.nextDouble(0.2, 0.8), random), colour(random.nextDouble(0.2, 0.8), random),
                0.5 - side * (across + down) / 2, across, down, discs, colour(random.nextDouble(0.2, 0.8), random));
        }

        void paint(double x, double y, double[] colour) {
            for (int i = 0; i < discs.length; i += 3) {
                double u = x - discs[i];
                double v = y - discs[i + 1];
                if (u * u + v * v <= discs[i + 2] * discs[i + 2]) {
                    System.arraycopy(ink, 0, colour, 0, 3);
                    return;
                }
            }
            mix(first, second, Math.max(0, Math.min(1, start + x * across + y * down)), colour);
        }
    }
}

package dev.lutra.data;

import dev.lutra.data.image.RgbImage;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Images drawn by the program: on a plain ground one striped shape. The class says which shape, which stripes, and, weakly,
 * which hue; place, scale, colours, phase and noise are random, so pixels by themselves say little and a network has to
 * find edges and textures. Classes survive a horizontal flip. StrictMath makes them the same on every machine.
 */
final class SyntheticImages implements Listing {

    /** Shapes × directions × frequencies × hues is 135; a round number of them stays distinct. */
    static final int MAX_CLASSES = 100;

    private static final int SHAPES = Shape.values().length;
    private static final int DIRECTIONS = 3;
    private static final double[] STRIPES_PER_IMAGE = {6, 9, 4};

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

    private final List<String> classes;
    private final int imagesPerClass;
    private final int side;
    private final long seed;

    /**
     * @param side height and width of an image in pixels
     */
    SyntheticImages(int classes, int imagesPerClass, int side, long seed) {
        this.classes = IntStream.range(0, classes).mapToObj("class%02d"::formatted).toList();
        this.imagesPerClass = imagesPerClass;
        this.side = side;
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
        Shape shape = Shape.values()[label % SHAPES];
        int texture = label / SHAPES;
        double angle = StrictMath.PI / 2 * (texture % DIRECTIONS);
        if (texture % DIRECTIONS == 2) { // diagonal, either way: a flip turns one into the other
            angle = StrictMath.PI / 4 * (random.nextBoolean() ? 1 : 3);
        }
        double turns = STRIPES_PER_IMAGE[texture / DIRECTIONS % STRIPES_PER_IMAGE.length] / side;
        double across = StrictMath.cos(angle) * turns;
        double down = StrictMath.sin(angle) * turns;
        double phase = random.nextDouble();

        double radius = side * random.nextDouble(0.22, 0.42);
        double centreX = side * random.nextDouble(0.38, 0.62);
        double centreY = side * random.nextDouble(0.38, 0.62);
        double[] ground = new double[3];
        double[] figure = new double[3];
        colours(texture / (DIRECTIONS * STRIPES_PER_IMAGE.length) + label % 3, random, ground, figure);
        double stripes = random.nextDouble(0.06, 0.2);

        byte[] pixels = new byte[side * side * 3];
        for (int y = 0, at = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                boolean inside = shape.contains((x + 0.5 - centreX) / radius, (y + 0.5 - centreY) / radius);
                double wave = inside ? stripes * StrictMath.sin(2 * StrictMath.PI * (x * across + y * down + phase)) : 0;
                for (int channel = 0; channel < 3; channel++) {
                    double noise = 0.25 * (random.nextDouble() + random.nextDouble() - 1);
                    double value = (inside ? figure[channel] : ground[channel]) + wave + noise;
                    pixels[at++] = (byte) Math.max(0, Math.min(255, Math.round(value * 255)));
                }
            }
        }
        return new RgbImage(side, side, pixels);
    }

    /** The figure is clearly lighter or darker than the ground, at random, and leans a little to the hue of its class. */
    private static void colours(int hue, SplittableRandom random, double[] ground, double[] figure) {
        double contrast = random.nextDouble(0.1, 0.35) * (random.nextBoolean() ? 1 : -1);
        for (int channel = 0; channel < 3; channel++) {
            double middle = random.nextDouble(0.35, 0.65);
            double lean = channel == hue % 3 ? 0.06 : 0;
            ground[channel] = middle - contrast / 2;
            figure[channel] = middle + contrast / 2 + lean;
        }
    }
}

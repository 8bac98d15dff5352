package dev.lutra.supernet.evaluation;

/**
 * What a network got right.
 *
 * @param correct images whose class has the highest output
 * @param amongFive images whose class is among the five highest outputs
 * @param images it was asked for
 */
public record Hits(int correct, int amongFive, int images) {

    /** Nothing asked, nothing right. */
    public static final Hits NONE = new Hits(0, 0, 0);

    private static final int FIVE = 5;

    /** Share of images whose class has the highest output, 0 to 1. */
    public double top1() {
        return (double) correct / images;
    }

    /** Share of images whose class is among the five highest outputs, 0 to 1; with five classes or fewer it is 1. */
    public double top5() {
        return (double) amongFive / images;
    }

    /** Both together. */
    public Hits plus(Hits other) {
        return new Hits(correct + other.correct, amongFive + other.amongFive, images + other.images);
    }

    /**
     * What outputs got right. Of equal outputs the one of the lower class counts as higher; one that is no number hits nothing.
     *
     * @param logits row-major: images, then classes
     * @param labels of the images
     */
    public static Hits of(float[] logits, int[] labels) {
        int classes = logits.length / labels.length;
        int correct = 0;
        int amongFive = 0;
        for (int image = 0; image < labels.length; image++) {
            int before = before(logits, image * classes, classes, labels[image]);
            correct += before == 0 ? 1 : 0;
            amongFive += before < FIVE ? 1 : 0;
        }
        return new Hits(correct, amongFive, labels.length);
    }

    /** How many classes stand before one; all of them if its output is no number. */
    private static int before(float[] logits, int from, int classes, int label) {
        float own = logits[from + label];
        if (Float.isNaN(own)) {
            return Integer.MAX_VALUE;
        }
        int before = 0;
        for (int other = 0; other < classes; other++) {
            float value = logits[from + other];
            before += value > own || value == own && other < label ? 1 : 0;
        }
        return before;
    }
}

package dev.lutra.supernet.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What a network got right.
 *
 * @param correct images whose class has the highest output
 * @param amongFive images whose class is among the five highest outputs
 * @param images it was asked for
 * @param classes the same of every class, in the order of the outputs; empty where nothing was asked
 */
public record Hits(int correct, int amongFive, int images, List<ClassHits> classes) {

    /** Nothing asked, nothing right. */
    public static final Hits NONE = new Hits(0, 0, 0, List.of());

    public Hits {
        classes = List.copyOf(classes);
    }

    private static final int FIVE = 5;

    /** Share of images whose class has the highest output, 0 to 1. */
    public double top1() {
        return (double) correct / images;
    }

    /** Share of images whose class is among the five highest outputs, 0 to 1; with five classes or fewer it is 1. */
    public double top5() {
        return (double) amongFive / images;
    }

    /** Mean over the classes that were asked for of the share that is right, 0 to 1. */
    public double balanced() {
        return classes.stream().filter(each -> each.images() > 0).mapToDouble(ClassHits::recall).average().orElse(Double.NaN);
    }

    /** Mean over the classes that were asked for or answered of F1, 0 to 1 (as scikit-learn's macro average has it). */
    public double macroF1() {
        return classes.stream().filter(each -> each.images() + each.given() > 0).mapToDouble(ClassHits::f1).average().orElse(Double.NaN);
    }

    /** Both together. */
    public Hits plus(Hits other) {
        List<ClassHits> all = new ArrayList<>(classes.isEmpty() ? other.classes : classes);
        for (int i = 0; !classes.isEmpty() && i < other.classes.size(); i++) {
            all.set(i, all.get(i).plus(other.classes.get(i)));
        }
        return new Hits(correct + other.correct, amongFive + other.amongFive, images + other.images, all);
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
        int[] asked = new int[classes];
        int[] given = new int[classes];
        int[] right = new int[classes];
        for (int image = 0; image < labels.length; image++) {
            int before = before(logits, image * classes, classes, labels[image]);
            correct += before == 0 ? 1 : 0;
            amongFive += before < FIVE ? 1 : 0;
            asked[labels[image]]++;
            right[labels[image]] += before == 0 ? 1 : 0;
            highest(logits, image * classes, classes).ifPresent(answer -> given[answer]++);
        }
        return new Hits(correct, amongFive, labels.length,
            IntStream.range(0, classes).mapToObj(each -> new ClassHits(asked[each], given[each], right[each])).toList());
    }

    /** The class that an image is given; none where no output is a number. */
    private static OptionalInt highest(float[] logits, int from, int classes) {
        int best = -1;
        for (int each = 0; each < classes; each++) {
            if (!Float.isNaN(logits[from + each]) && (best < 0 || logits[from + each] > logits[from + best])) {
                best = each;
            }
        }
        return best < 0 ? OptionalInt.empty() : OptionalInt.of(best);
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

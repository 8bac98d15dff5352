package dev.lutra.supernet.evaluation;

import dev.lutra.data.Shown;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What a network got right.
 *
 * @param correct images whose class has the highest output; where they may show several, those whose classes are all answered, and no others
 * @param amongFive images whose class is among the five highest outputs; where they may show several, as {@code correct}
 * @param images it was asked for
 * @param classes the same of every class, in the order of the outputs; empty where nothing was asked
 * @param scores where images may show several classes, and any were asked, all outputs
 */
public record Hits(int correct, int amongFive, int images, List<ClassHits> classes, Optional<Scores> scores) {

    /** Nothing asked, nothing right. */
    public static final Hits NONE = new Hits(0, 0, 0, List.of());

    public Hits {
        classes = List.copyOf(classes);
    }

    /** Of images that show one class each. */
    public Hits(int correct, int amongFive, int images, List<ClassHits> classes) {
        this(correct, amongFive, images, classes, Optional.empty());
    }

    /** Whether images may show several classes. */
    public boolean isOfSeveral() {
        return scores.isPresent();
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

    /** F1 of all answers together, whatever class they are of, 0 to 1; of images that show one class each it is {@link #top1}. */
    public double microF1() {
        return 2.0 * classes.stream().mapToInt(ClassHits::right).sum() / classes.stream().mapToInt(each -> each.images() + each.given()).sum();
    }

    /**
     * How high the images of each class are among all by its output: average precision, 0 to 1, in the order of the outputs; not a number
     * where no image shows the class. Empty of images that show one class each.
     */
    public List<Double> averagePrecisions() {
        return scores.map(all -> IntStream.range(0, classes.size()).mapToObj(all::averagePrecision).toList()).orElse(List.of());
    }

    /** Mean of the average precisions of the classes that images show, 0 to 1. */
    public double meanAveragePrecision() {
        return averagePrecisions().stream().filter(each -> !each.isNaN()).mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    /** What is told of it first: the share of images whose class has the highest output, or the mean average precision. */
    public double accuracy() {
        return isOfSeveral() ? meanAveragePrecision() : top1();
    }

    /** Both together. */
    public Hits plus(Hits other) {
        List<ClassHits> all = new ArrayList<>(classes.isEmpty() ? other.classes : classes);
        for (int i = 0; !classes.isEmpty() && i < other.classes.size(); i++) {
            all.set(i, all.get(i).plus(other.classes.get(i)));
        }
        return new Hits(correct + other.correct, amongFive + other.amongFive, images + other.images, all,
            scores.isPresent() && other.scores.isPresent() ? Optional.of(scores.get().plus(other.scores.get())) : scores.or(() -> other.scores));
    }

    /**
     * What outputs got right.
     *
     * @param logits row-major: images, then classes
     * @param shown by the images
     * @param threshold of an output's sigmoid, from which on it answers that an image shows the class, where it may show several; above 0 to
     *     below 1
     */
    public static Hits of(float[] logits, Shown shown, double threshold) {
        return shown instanceof Shown.One one ? of(logits, one.labels()) : ofSeveral(logits, (Shown.Several) shown, threshold);
    }

    private static Hits ofSeveral(float[] logits, Shown.Several shown, double threshold) {
        int classes = shown.classes();
        double least = least(threshold);
        int correct = 0;
        int[] asked = new int[classes];
        int[] given = new int[classes];
        int[] right = new int[classes];
        for (int image = 0; image < shown.size(); image++) {
            boolean isWhole = true;
            for (int label = 0; label < classes; label++) {
                boolean answered = logits[image * classes + label] >= least;
                boolean has = shown.has(image, label);
                asked[label] += has ? 1 : 0;
                given[label] += answered ? 1 : 0;
                right[label] += has && answered ? 1 : 0;
                isWhole &= has == answered;
            }
            correct += isWhole ? 1 : 0;
        }
        return new Hits(correct, correct, shown.size(),
            IntStream.range(0, classes).mapToObj(each -> new ClassHits(asked[each], given[each], right[each])).toList(),
            Optional.of(new Scores(logits, shown)));
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

    /** The output from which on it answers that an image shows the class, where it may show several: that with this sigmoid. */
    public static double least(double threshold) {
        return Math.log(threshold / (1 - threshold));
    }

    /**
     * The class that an image is given; none where no output is a number.
     *
     * @param from index of the image's first output
     */
    public static OptionalInt highest(float[] logits, int from, int classes) {
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

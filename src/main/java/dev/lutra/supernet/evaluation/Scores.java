package dev.lutra.supernet.evaluation;

import dev.lutra.data.Shown;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Optional;
import java.util.stream.IntStream;

/** A network's outputs for images that may show several classes, which orders of images follow from. */
final class Scores {

    /** Of the images before the own ones, so that adding a batch copies nothing. */
    private final Optional<Scores> before;
    private final float[] logits;
    private final Shown.Several shown;

    /**
     * @param logits row-major: images, then classes
     * @param shown what the images show
     */
    Scores(float[] logits, Shown.Several shown) {
        this(Optional.empty(), logits, shown);
    }

    private Scores(Optional<Scores> before, float[] logits, Shown.Several shown) {
        this.before = before;
        this.logits = logits;
        this.shown = shown;
    }

    /** Those of both, the own ones first. */
    Scores plus(Scores other) {
        Scores all = this;
        for (Scores part : other.parts()) {
            all = new Scores(Optional.of(all), part.logits, part.shown);
        }
        return all;
    }

    /** The first images first. */
    private Deque<Scores> parts() {
        Deque<Scores> parts = new ArrayDeque<>();
        for (Optional<Scores> part = Optional.of(this); part.isPresent(); part = part.get().before) {
            parts.addFirst(part.get());
        }
        return parts;
    }

    /**
     * Area under precision over recall of a class, without interpolation: every image that shows it counts with the precision among all
     * images whose output is at least as high (Zhu 2004; scikit-learn's {@code average_precision_score}). What is no number comes last. Not a
     * number where no image shows the class.
     */
    double averagePrecision(int label) {
        Deque<Scores> parts = parts();
        int images = parts.stream().mapToInt(part -> part.shown.size()).sum();
        float[] outputs = new float[images];
        boolean[] has = new boolean[images];
        int at = 0;
        for (Scores part : parts) {
            for (int image = 0; image < part.shown.size(); image++) {
                float output = part.logits[image * part.shown.classes() + label];
                outputs[at] = Float.isNaN(output) ? Float.NEGATIVE_INFINITY : output;
                has[at++] = part.shown.has(image, label);
            }
        }
        int[] order = IntStream.range(0, images).boxed().sorted(Comparator.comparing((Integer image) -> -outputs[image]))
            .mapToInt(Integer::intValue).toArray();
        int right = 0;
        double sum = 0;
        for (int from = 0; from < order.length;) {
            int end = from;
            int rightBefore = right;
            while (end < order.length && outputs[order[end]] == outputs[order[from]]) {
                right += has[order[end++]] ? 1 : 0;
            }
            sum += (right - rightBefore) * ((double) right / end);
            from = end;
        }
        return sum / right;
    }
}

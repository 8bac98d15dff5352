package dev.lutra.supernet.evaluation;

import dev.lutra.data.Shown;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A network's outputs for images that may show several classes, which orders of images follow from.
 *
 * @param logits row-major: images, then classes
 * @param shown what the images show
 */
record Scores(float[] logits, Shown.Several shown) {

    /** Those of both, the own ones first. */
    Scores plus(Scores other) {
        float[] all = Arrays.copyOf(logits, logits.length + other.logits.length);
        System.arraycopy(other.logits, 0, all, logits.length, other.logits.length);
        return new Scores(all, new Shown.Several(shown.classes(), Stream.concat(Arrays.stream(shown.labels()), Arrays.stream(other.shown.labels()))
            .toArray(int[][]::new)));
    }

    /**
     * Area under precision over recall of a class, without interpolation: every image that shows it counts with the precision among all
     * images whose output is at least as high (Zhu 2004; scikit-learn's {@code average_precision_score}). What is no number comes last. Not a
     * number where no image shows the class.
     */
    double averagePrecision(int label) {
        float[] outputs = new float[shown.size()];
        for (int image = 0; image < outputs.length; image++) {
            float output = logits[image * shown.classes() + label];
            outputs[image] = Float.isNaN(output) ? Float.NEGATIVE_INFINITY : output;
        }
        int[] order = IntStream.range(0, outputs.length).boxed().sorted(Comparator.comparing((Integer image) -> -outputs[image]))
            .mapToInt(Integer::intValue).toArray();
        int right = 0;
        double sum = 0;
        for (int from = 0; from < order.length;) {
            int end = from;
            int before = right;
            while (end < order.length && outputs[order[end]] == outputs[order[from]]) {
                right += shown.has(order[end++], label) ? 1 : 0;
            }
            sum += (right - before) * ((double) right / end);
            from = end;
        }
        return sum / right;
    }
}

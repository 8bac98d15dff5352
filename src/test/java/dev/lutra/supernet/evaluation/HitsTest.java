package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.lutra.data.Shown;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HitsTest {

    /** As a network answers that is sure. */
    private static Hits hits(int classes, int[] labels, int[] answers) {
        float[] logits = new float[labels.length * classes];
        for (int i = 0; i < answers.length; i++) {
            logits[i * classes + answers[i]] = 1;
        }
        return Hits.of(logits, labels);
    }

    /** The examples of scikit-learn's pages on balanced_accuracy_score and f1_score. */
    @Test
    void classesCountAlike() {
        Hits balanced = hits(2, new int[]{0, 1, 0, 0, 1, 0}, new int[]{0, 1, 0, 0, 0, 1});
        assertThat(balanced.balanced()).isEqualTo(0.625);
        assertThat(AccuracyKind.TOP1.of(balanced)).isEqualTo(4 / 6.0);
        Hits f1 = hits(3, new int[]{0, 1, 2, 0, 1, 2}, new int[]{0, 2, 1, 0, 0, 1});
        assertThat(AccuracyKind.MACRO_F1.of(f1)).isCloseTo(0.8 / 3, within(1e-12));
        assertThat(f1.classes()).containsExactly(new ClassHits(2, 3, 2), new ClassHits(2, 2, 0), new ClassHits(2, 1, 0));
    }

    @Test
    void partsAddUp() {
        int[] labels = IntStream.range(0, 60).map(i -> i * 7 % 5).toArray();
        int[] answers = IntStream.range(0, 60).map(i -> i * 11 % 13 % 5).toArray();
        Hits parts = Hits.NONE;
        for (int from = 0; from < 60; from += 20) {
            parts = parts.plus(hits(5, Arrays.copyOfRange(labels, from, from + 20), Arrays.copyOfRange(answers, from, from + 20)));
        }
        assertThat(parts).isEqualTo(hits(5, labels, answers)).isEqualTo(parts.plus(Hits.NONE));
    }

    @Test
    void classesThatAreNotAskedForDoNotCount() {
        Hits hits = hits(4, new int[]{0, 0, 1}, new int[]{0, 2, 1});
        assertThat(hits.balanced()).isEqualTo(0.75);
        assertThat(hits.macroF1()).as("class 2 is answered, class 3 is not").isCloseTo((2 / 3.0 + 1 + 0) / 3, within(1e-12));
    }

    @Test
    void noNumberIsNoAnswer() {
        Hits hits = Hits.of(new float[]{Float.NaN, Float.NaN, Float.NaN, 1}, new int[]{0, 1});
        assertThat(hits.classes()).containsExactly(new ClassHits(1, 0, 0), new ClassHits(1, 1, 1));
    }

    /** Images that show several classes are ordered by all their outputs, which are kept; adding a batch copies none of them. */
    @Test
    void addingABatchCostsNoMoreThanTheFirst() {
        float[] logits = new float[200 * 50];
        Hits batch = Hits.of(logits, new Shown.Several(50, IntStream.range(0, 200).mapToObj(image -> new int[]{image % 50}).toArray(int[][]::new)),
            0.5);
        Hits all = batch;
        long before = allocated();
        for (int i = 0; i < 100; i++) {
            all = all.plus(batch);
        }
        assertThat(allocated() - before).as("bytes for 100 batches of 40 kB each").isLessThan(100L * logits.length * Float.BYTES);
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    /** The examples of scikit-learn's pages on average_precision_score, of two classes and of three. */
    @Test
    void averagePrecisionsAreThoseOfScikitLearn() {
        Hits two = Hits.of(new float[]{0.1f, 0, 0.4f, 0, 0.35f, 0, 0.8f, 0}, new Shown.Several(2, new int[][]{{}, {}, {0}, {0}}), 0.5);
        assertThat(two.averagePrecisions().get(0)).isCloseTo(0.83333333, within(1e-7));
        assertThat(two.averagePrecisions().get(1)).as("shown by no image").isNaN();
        assertThat(two.meanAveragePrecision()).as("of the classes that are shown").isCloseTo(0.83333333, within(1e-7));
        Hits three = Hits.of(new float[]{0.7f, 0.2f, 0.1f, 0.4f, 0.3f, 0.3f, 0.1f, 0.8f, 0.1f, 0.2f, 0.3f, 0.5f, 0.4f, 0.4f, 0.2f, 0.1f, 0.2f, 0.7f},
            new Shown.Several(3, new int[][]{{0}, {0}, {1}, {1}, {2}, {2}}), 0.5);
        assertThat(three.meanAveragePrecision()).as("0.77…").isBetween(0.77, 0.78);
    }

    /** Precision at each recall written out: every image that shows the class, with the share of those as high that show it. */
    @Test
    void equalOutputsAreOneStep() {
        Hits tied = Hits.of(new float[]{3, 1, 1, 1, -2, Float.NaN}, new Shown.Several(1, new int[][]{{}, {0}, {}, {0}, {0}, {0}}), 0.5);
        assertThat(tied.averagePrecisions().get(0)).isCloseTo((2 * (2 / 4.0) + 3 / 5.0 + 4 / 6.0) / 4, within(1e-12));
    }

    @Test
    void severalClassesAreAnsweredFromTheThresholdOn() {
        float[] logits = {2, -1, 0, 1, -3, 0.5f, -2, -2, -2};
        Shown.Several shown = new Shown.Several(3, new int[][]{{0, 2}, {0, 1}, {}});
        Hits half = Hits.of(logits, shown, 0.5);
        assertThat(half.classes()).containsExactly(new ClassHits(2, 2, 2), new ClassHits(1, 0, 0), new ClassHits(1, 2, 1));
        assertThat(AccuracyKind.MACRO_F1.of(half)).isCloseTo((1 + 0 + 2 / 3.0) / 3, within(1e-12));
        assertThat(AccuracyKind.MICRO_F1.of(half)).isCloseTo(2 * 3 / 8.0, within(1e-12));
        assertThat(half.correct()).as("images whose classes are all answered, and no others").isEqualTo(2);
        assertThat(Hits.of(logits, shown, 0.7).classes()).as("a sigmoid of 0.7 is an output of 0.85")
            .containsExactly(new ClassHits(2, 2, 2), new ClassHits(1, 0, 0), new ClassHits(1, 0, 0));
        Hits parts = Hits.NONE;
        for (int image = 0; image < 3; image++) {
            parts = parts.plus(Hits.of(Arrays.copyOfRange(logits, 3 * image, 3 * image + 3), shown.of(new int[]{image}), 0.5));
        }
        assertThat(parts.classes()).isEqualTo(half.classes());
        assertThat(parts.averagePrecisions()).isEqualTo(half.averagePrecisions());
    }
}

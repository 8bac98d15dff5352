package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
}

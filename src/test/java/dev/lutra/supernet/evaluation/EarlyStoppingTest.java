package dev.lutra.supernet.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a few images say of all. */
class EarlyStoppingTest {

    private static Hits hits(int correct, int images) {
        return new Hits(correct, correct, images, List.of());
    }

    /** Three looks share a chance of 0.03: ln(1 / 0.01) of Serfling's bound for each. */
    @Test
    void theBoundIsSerflings() {
        double margin = Math.sqrt((1 - 99.0 / 800) * Math.log(100) / 200);
        assertThat(new EarlyStopping(0.97).atMost(hits(40, 100), 800)).isCloseTo(0.4 + margin, within(1e-9));
        assertThat(margin).isCloseTo(0.142, within(5e-4));
    }

    @Test
    void moreThanAllOthersRightIsImpossible() {
        assertThat(new EarlyStopping(0.999).atMost(hits(1, 10), 12)).isEqualTo(3.0 / 12);
        assertThat(new EarlyStopping(0.999).atMost(hits(12, 12), 12)).isEqualTo(1);
    }

    @Test
    void itLooksThreeTimes() {
        EarlyStopping stopping = new EarlyStopping(0.99);
        List<Integer> looks = new ArrayList<>();
        for (int batch = 0; batch < 16; batch++) {
            if (stopping.looks(batch * 64, (batch + 1) * 64, 1_000)) {
                looks.add((batch + 1) * 64);
            }
        }
        assertThat(looks).containsExactly(128, 256, 512);
        assertThat(stopping.looks(0, 1_000, 1_000)).as("all images are in one batch").isFalse();
    }

    /** A candidate that does reach the value is given up at one of the looks in fewer cases than the confidence leaves. */
    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.5, 0.72, 0.97})
    void itSeldomGivesUpWhatWouldHaveGotThere(double share) {
        int all = 400;
        int trials = 5_000;
        EarlyStopping stopping = new EarlyStopping(0.8);
        SplittableRandom random = new SplittableRandom(4);
        int wrong = 0;
        for (int trial = 0; trial < trials; trial++) {
            wrong += givesUp(stopping, (int) Math.round(share * all), all, random) ? 1 : 0;
        }
        assertThat(wrong).isLessThan((int) (0.2 * trials));
        assertThat(share == 0.5 ? wrong : 1).as("a bound that is never wrong is too wide to be of use").isPositive();
    }

    private static boolean givesUp(EarlyStopping stopping, int right, int all, SplittableRandom random) {
        int rightLeft = right;
        int correct = 0;
        for (int seen = 1; seen <= all; seen++) {
            if (random.nextInt(all - seen + 1) < rightLeft) {
                rightLeft--;
                correct++;
            }
            if (stopping.looks(seen - 1, seen, all) && stopping.atMost(hits(correct, seen), all) < (double) right / all) {
                return true;
            }
        }
        return false;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, Double.NaN})
    void aConfidenceIsOne(double confidence) {
        assertThatThrownBy(() -> new EarlyStopping(confidence)).isInstanceOf(InputException.class)
            .hasMessage("evaluation.early-stopping: " + confidence + " (expected: above 0.5 to below 1)");
    }
}

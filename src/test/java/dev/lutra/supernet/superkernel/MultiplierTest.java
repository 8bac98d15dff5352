package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How λ follows the distance from what is aimed at. */
class MultiplierTest {

    private static final double FIRST = 0.1;
    private static final double NO_STEP = 1e-9;

    private static Multiplier begun(double ratio) {
        Multiplier multiplier = new Multiplier(Optional.empty());
        assertThat(multiplier.next(ratio, 0, NO_STEP)).as("where it begins nothing is to be given up").isCloseTo(FIRST, within(1e-12));
        return multiplier;
    }

    /** The aim falls from the latency of the first step to the target, in equal steps of the logarithm, over 70 % of the search. */
    @Test
    void theAimDescendsToTheTarget() {
        assertThat(begun(2).next(Math.sqrt(2), 0.35, NO_STEP)).as("half of the way").isCloseTo(FIRST, within(1e-6));
        assertThat(begun(2).next(1, 0.7, NO_STEP)).isCloseTo(FIRST, within(1e-6));
        assertThat(begun(2).next(1, 0.9, NO_STEP)).as("and stays there").isCloseTo(FIRST, within(1e-6));
        assertThat(begun(2).next(2, 0.07, NO_STEP)).as("20 times a tenth of ln 2").isCloseTo(FIRST * (1 + 20 * 0.1 * Math.log(2)), within(1e-6));
        assertThat(begun(2).next(2, 0.7, NO_STEP)).as("far off counts as a tenth").isCloseTo(3 * FIRST, within(1e-6));
    }

    @Test
    void itIsNegativeWhereTooMuchIsGone() {
        assertThat(begun(2).next(Math.exp(-0.05), 0.8, NO_STEP)).as("a twentieth below").isCloseTo(0, within(1e-6));
        assertThat(begun(2).next(Math.exp(-0.1), 0.8, NO_STEP)).isCloseTo(-FIRST, within(1e-6));
    }

    @Test
    void itsSizeFollowsTheDistanceButNotWhileItIsNegative() {
        Multiplier above = begun(2);
        double first = above.next(1.05, 0.8, 0.001);
        assertThat(above.next(1.05, 0.8, 0.001)).isCloseTo(first * Math.exp(0.5 * Math.log(1.05)), within(1e-9));
        Multiplier far = begun(2);
        double once = far.next(2, 0.8, 1);
        assertThat(far.next(2, 0.8, 1)).as("a step's part is bounded").isCloseTo(once * Math.exp(0.1), within(1e-9));
        Multiplier below = begun(2);
        double negative = below.next(0.8, 0.8, 0.001);
        assertThat(negative).isNegative();
        assertThat(below.next(0.8, 0.8, 0.001)).isEqualTo(negative);
    }

    @Test
    void itGoesOnFromItsState() {
        Multiplier one = begun(1.7);
        one.next(1.5, 0.3, 0.01);
        Multiplier other = new Multiplier(Optional.of(one.state()));
        assertThat(other.next(1.2, 0.6, 0.01)).isEqualTo(one.next(1.2, 0.6, 0.01));
        assertThat(other.state()).isEqualTo(one.state());
    }

    @ParameterizedTest
    @CsvSource({"1.0, 0.79, false", "1.0, 0.8, true", "1.009, 0.8, true", "1.012, 0.8, false", "0.988, 0.8, false", "1.05, 0.95, true",
        "1.09, 0.99, false",
        "1.08, 1.0, true", "0.93, 1.0, true"})
    void towardsTheEndWhatMeetsTheTargetIsConfirmed(double ratio, double progress, boolean settles) {
        assertThat(Multiplier.settles(ratio, progress)).isEqualTo(settles);
    }
}

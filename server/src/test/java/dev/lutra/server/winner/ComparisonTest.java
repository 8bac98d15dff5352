package dev.lutra.server.winner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static Comparison figure(Optional<Long> asked, long measured) {
        return new Comparison(asked, Optional.empty(), Optional.empty(), measured, Optional.empty());
    }

    @Test
    void whatIsToldNamesWhatWasAsked() {
        assertThat(figure(Optional.of(5L), 7).told(value -> value + " s")).hasValue("7 s of 5 s");
        assertThat(figure(Optional.empty(), 7).told(value -> value + " s")).hasValue("7 s");
        assertThat(figure(Optional.of(5L), 0).told(value -> value + " s")).as("the device could not tell").hasValue("not told, of 5 s");
        assertThat(figure(Optional.empty(), 0).told(value -> value + " s")).isEmpty();
    }
}

package dev.lutra.server.winner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.correction.Interval;
import dev.lutra.server.outcome.InIntegers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which latencies are said to have missed what superkernels aimed at. */
class WinnerTest {

    /** An aim a device: it, what was measured, and how well that is known on either side. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"100 105 0 | ''", "100 111 0 | a", "100 111 2 | ''", "100 89 0 | a", "100 89 2 | ''", "100 80 2 | a",
        "none 500 0 | ''", "100 50 1, 100 95 1 | ''", "100 50 1, 100 120 1 | b", "100 130 1, 100 120 1 | a b", "100 50 1, 100 60 1 | b",
        "none 500 1, 100 60 1 | b"})
    void aTargetIsMissedByMoreThanIsKnown(String devices, String missed) {
        List<Winner.Check> checks = new ArrayList<>();
        for (String device : devices.split(", ")) {
            String[] figures = device.split(" ");
            long measured = Long.parseLong(figures[1]);
            long half = Long.parseLong(figures[2]);
            Optional<Interval> known = half == 0 ? Optional.empty() : Optional.of(new Interval(measured - half, measured + half));
            Comparison bare = new Comparison(Optional.empty(), Optional.empty(), Optional.empty(), 0, Optional.empty());
            checks.add(new Winner.Check(checks.isEmpty() ? "a" : "b", 1,
                figures[0].equals("none") ? Optional.empty() : Optional.of(Long.parseLong(figures[0])),
                new Comparison(Optional.empty(), Optional.of(100L), Optional.empty(), measured, known), bare, bare, bare, Optional.empty(),
                Optional.empty(), 0, 0,
                0, true, Optional.empty()));
        }
        Winner winner = new Winner("k3", "winner-1.onnx", Map.of("accuracy", 0.5), checks);
        assertThat(winner.missed()).extracting(Winner.Check::device)
            .containsExactlyElementsOf(Arrays.stream(missed.split(" ")).filter(device -> !device.isEmpty()).toList());
        assertThat(winner.isVerified()).as("a target is no limit").isTrue();
    }

    /** What is asked for is a file of each kind, so either may refuse. */
    @Test
    void aFileInIntegersThatComputesAnythingElseIsNoConfirmedWinner() {
        for (boolean agrees : new boolean[]{true, false}) {
            Comparison bare = new Comparison(Optional.empty(), Optional.empty(), Optional.empty(), 5, Optional.empty());
            Winner winner = new Winner("k3", "winner-1.onnx", Map.of("accuracy", 0.5),
                List.of(new Winner.Check("box", 1, Optional.empty(), bare, bare,
                    bare, bare, Optional.empty(), Optional.of(new InIntegers(4, agrees ? 0.01 : 0.3, agrees)), 0, 0, 0, true, Optional.empty())));
            assertThat(winner.isVerified()).isEqualTo(agrees);
            assertThat(winner.isRefused()).isEqualTo(!agrees);
        }
    }
}

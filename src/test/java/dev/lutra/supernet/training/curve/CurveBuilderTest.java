package dev.lutra.supernet.training.curve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CurveBuilderTest {

    @Test
    void stepsThatDoNotComeOutEvenAreAPointToo() {
        CurvePoint before = new CurvePoint(10, 3, 0.1, 0.1);
        CurveBuilder curve = new CurveBuilder(List.of(before), Optional.empty(), 2);
        for (int step = 11; step <= 15; step++) {
            curve.add(step, step, step / 64.0, 0.1);
        }
        assertThat(curve.points()).containsExactly(before,
            new CurvePoint(12, 11.5, 11.5 / 64, 0.1), new CurvePoint(14, 13.5, 13.5 / 64, 0.1),
            new CurvePoint(15, 15, 15 / 64.0, 0.1));
    }
}

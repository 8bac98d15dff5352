package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.InputException;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import org.junit.jupiter.api.Test;

class TrainingSettingsTest {

    private static TrainingSettings settings(double rate, Schedule schedule, double smoothing) {
        return new TrainingSettings(2, 8, Curriculum.of(Sampling.uniform()), rate, 0, schedule, 0.9, 4e-5, smoothing, 1);
    }

    @Test
    void schedulesFallToZero() {
        TrainingSettings cosine = settings(0.4, Schedule.COSINE, 0.1);
        assertThat(cosine.descent().rate(0, 100, 2)).isEqualTo(0.4);
        assertThat(cosine.descent().rate(25, 100, 2)).isCloseTo(0.4 * (1 + Math.sqrt(0.5)) / 2, within(1e-12));
        assertThat(cosine.descent().rate(50, 100, 2)).isCloseTo(0.2, within(1e-12));
        assertThat(cosine.descent().rate(99, 100, 2)).isBetween(0.0, 0.001);
        TrainingSettings linear = settings(0.5, Schedule.LINEAR, 0.1);
        assertThat(linear.descent().rate(0, 100, 2)).isEqualTo(0.5);
        assertThat(linear.descent().rate(75, 100, 2)).isCloseTo(0.125, within(1e-12));
    }

    @Test
    void warmUpRisesInAStraightLine() {
        TrainingSettings settings = new TrainingSettings(2, 8, Curriculum.of(Sampling.uniform()), 0.5, 0.04,
            Schedule.LINEAR, 0.9, 0, 0, 1);
        assertThat(settings.descent().rate(0, 100, 2)).isCloseTo(0.1, within(1e-12));
        assertThat(settings.descent().rate(3, 100, 2)).isCloseTo(0.4, within(1e-12));
        assertThat(settings.descent().rate(4, 100, 2)).isEqualTo(0.5);
        assertThat(settings.descent().rate(52, 100, 2)).isCloseTo(0.25, within(1e-12));
    }

    @Test
    void firstPathIsAShareOfTheEpochs() {
        TrainingSettings defaults = TrainingSettings.defaults();
        assertThat(defaults.curriculum().spans(defaults.epochs()).get(0).end()).isEqualTo(8);
        assertThat(settings(0.1, Schedule.COSINE, 0).curriculum().spans(2)).hasSize(1);
    }

    @Test
    void refusesWhatCannotTrain() {
        assertThatThrownBy(() -> settings(0, Schedule.COSINE, 0.1)).isInstanceOf(InputException.class)
            .hasMessage("optimizer.lr: 0.0 (expected: above 0)");
        assertThatThrownBy(() -> settings(0.1, Schedule.COSINE, 1)).isInstanceOf(InputException.class)
            .hasMessage("supernet.label-smoothing: 1.0 (expected: 0 to below 1)");
        assertThatThrownBy(() -> settings(Double.NaN, Schedule.COSINE, 0)).isInstanceOf(InputException.class);
    }
}

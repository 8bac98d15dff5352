package dev.lutra.agent.energy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.agent.energy.CallEnergy.Window;
import dev.lutra.proto.Energy;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CallEnergyTest {

    private static final long SECOND = 1_000_000_000;

    /** 10 W when idle, 22 W while it runs, 1000 calls a second: 12 mJ a call. */
    @Test
    void theIdleDeviceIsSubtracted() {
        CallEnergy energy = new CallEnergy();
        for (int i = 0; i < 5; i++) {
            energy.add(new Window(10 * 0.1, SECOND / 10), new Window(22 * 0.25, SECOND / 4), 250);
        }
        Energy found = energy.energy("here");
        assertThat(found.getNanojoules()).isCloseTo(12e6, within(1.0));
        assertThat(found.getHalfWidthNanojoules()).isCloseTo(0, within(1.0));
        assertThat(found.getIdleWatts()).isCloseTo(10, within(1e-9));
        assertThat(found.getWindows()).isEqualTo(5);
        assertThat(found.getSource()).isEqualTo("here");
    }

    /** Idle power that drifts from 10 to 30 W is that of each pair. */
    @Test
    void whatDriftsIsSubtractedPairByPair() {
        CallEnergy energy = new CallEnergy();
        for (int i = 0; i < 5; i++) {
            double idle = 10 + 5 * i;
            energy.add(new Window(idle * 0.1, SECOND / 10), new Window((idle + 12) * 0.25, SECOND / 4), 250);
        }
        assertThat(energy.energy("").getNanojoules()).isCloseTo(12e6, within(1.0));
        assertThat(energy.energy("").getIdleHalfWidthWatts()).isGreaterThan(5);
    }

    /** 95 of 100 intervals hold the truth, give or take what 1000 draws scatter by. */
    @Test
    void intervalsCover() {
        Random random = new Random(1);
        int inside = 0;
        for (int trial = 0; trial < 1000; trial++) {
            CallEnergy energy = new CallEnergy();
            for (int i = 0; i < 5; i++) {
                energy.add(new Window(0.1 * (10 + 0.2 * random.nextGaussian()), SECOND / 10),
                    new Window(0.25 * (22 + 0.2 * random.nextGaussian()), SECOND / 4), 250);
            }
            Energy found = energy.energy("");
            inside += Math.abs(found.getNanojoules() - 12e6) <= found.getHalfWidthNanojoules() ? 1 : 0;
        }
        assertThat(inside).isBetween(930, 970);
    }

    @Test
    void whatCannotBeToldFromIdlingIsNotNegative() {
        CallEnergy energy = new CallEnergy();
        for (int i = 0; i < 3; i++) {
            energy.add(new Window(1.0, SECOND / 10), new Window(2.4 + 0.05 * i, SECOND / 4), 250);
        }
        assertThat(energy.energy("").getNanojoules()).isZero();
        assertThat(energy.energy("").getHalfWidthNanojoules()).isPositive();
        assertThatThrownBy(() -> new CallEnergy().energy("")).isInstanceOf(IllegalStateException.class);
    }
}

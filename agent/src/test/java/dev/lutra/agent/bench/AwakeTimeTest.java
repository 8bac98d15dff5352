package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AwakeTimeTest {

    private long nanos = 5;
    private long millis = 1_000_000;

    private AwakeTime time() {
        return new AwakeTime(() -> nanos, () -> millis);
    }

    private void pass(Duration monotonic, Duration wall) {
        nanos += monotonic.toNanos();
        millis += wall.toMillis();
    }

    /** A hundred looks, a fifth of a second apart. */
    private AwakeTime looks() {
        AwakeTime time = time();
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofMillis(200), Duration.ofMillis(200));
            time.look();
        }
        return time;
    }

    @Test
    void timeOfWhoLooksCounts() {
        AwakeTime time = looks();
        assertThat(time.slept()).isFalse();
        assertThat(time.exceeds(Duration.ofSeconds(19))).isTrue();
        assertThat(time.exceeds(Duration.ofSeconds(20))).isFalse();
    }

    /** A stopped process, or a suspended system whose monotonic clock goes on. */
    @Test
    void whatLiesBetweenTwoLooksThatAreFarApartIsNoTime() {
        AwakeTime time = looks();
        pass(Duration.ofHours(8), Duration.ofHours(8));
        time.look();
        assertThat(time.slept()).isTrue();
        assertThat(time.exceeds(Duration.ofSeconds(23))).as("a limit is not used up").isFalse();
    }

    /** Linux: the monotonic clock stands still. */
    @Test
    void aSleepShowsInTheClockOnTheWall() {
        AwakeTime time = looks();
        pass(Duration.ofMillis(20), Duration.ofHours(8));
        time.look();
        assertThat(time.slept()).isTrue();
    }

    @Test
    void aClockThatIsSetBackPassesForASleep() {
        AwakeTime time = looks();
        pass(Duration.ofMillis(20), Duration.ofSeconds(-40));
        time.look();
        assertThat(time.slept()).isTrue();
        assertThat(time.exceeds(Duration.ofNanos(20 * TimeUnit.SECONDS.toNanos(1) + TimeUnit.MILLISECONDS.toNanos(19)))).isTrue();
    }
}

package dev.lutra.agent.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {

    @Test
    void drawsFromTheUpperHalfOfAnIntervalThatDoublesUpToALimit() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(1000), new Random(1));

        for (int round = 0; round < 50; round++) {
            for (long interval : new long[]{100, 200, 400, 800, 1000, 1000}) {
                assertThat(backoff.nextMillis()).isBetween(interval / 2, interval);
            }
            backoff.reset();
        }
    }

    @Test
    void twoAgentsDoNotReturnInStep() {
        Backoff one = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(15), new Random(1));
        Backoff other = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(15), new Random(2));

        assertThat(one.nextMillis()).isNotEqualTo(other.nextMillis());
    }
}

package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SharedTest {

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 100); // clocks of this kind run over
    private final AtomicInteger made = new AtomicInteger();

    @Test
    void isMadeOnceForAllWhoAskWithinItsTime() {
        Shared<Integer> shared = new Shared<>(made::incrementAndGet, Duration.ofMillis(500), nanos::get);
        assertThat(shared.get()).isEqualTo(1);
        nanos.addAndGet(499_999_999);
        assertThat(shared.get()).isEqualTo(1);
        nanos.addAndGet(1);
        assertThat(shared.get()).isEqualTo(2);
        assertThat(shared.get()).isEqualTo(2);
    }

    @Test
    void whatFailsIsTriedAgainByTheNext() {
        Shared<Integer> shared = new Shared<>(() -> {
            if (made.incrementAndGet() == 1) {
                throw new IllegalStateException("just now");
            }
            return made.get();
        }, Duration.ofMillis(500), nanos::get);
        assertThatThrownBy(shared::get).hasMessage("just now");
        assertThat(shared.get()).isEqualTo(2);
    }
}

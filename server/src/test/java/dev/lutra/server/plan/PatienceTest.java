package dev.lutra.server.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PatienceTest {

    @Test
    void whatEndsInTimeIsGiven() {
        assertThat(new Patience(Duration.ofMinutes(1)).waitFor(() -> 7)).contains(7);
    }

    @Test
    void whatTakesTooLongIsInterruptedAndLeft() throws InterruptedException {
        CountDownLatch interrupted = new CountDownLatch(1);
        assertThat(new Patience(Duration.ofMillis(20)).waitFor(() -> {
            try {
                return sleepForever();
            } finally {
                interrupted.countDown();
            }
        })).isEmpty();
        interrupted.await();
    }

    private static long sleepForever() throws InterruptedException {
        new CountDownLatch(1).await();
        return 0;
    }

    @Test
    void whatFailsFails() {
        assertThatThrownBy(() -> new Patience(Duration.ofMinutes(1)).waitFor(() -> {
            throw new InputException("no such device");
        })).isInstanceOf(InputException.class).hasMessage("no such device");
    }
}

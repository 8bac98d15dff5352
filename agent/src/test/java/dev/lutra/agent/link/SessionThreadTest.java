package dev.lutra.agent.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SessionThreadTest {

    /** On a board of 1 GB, while a model is fetched: who measures must not wait for tasks for ever. */
    @Test
    void memoryThatRunsOutIsForTheMeasuringThreadToKnow() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        try (SessionThread thread = new SessionThread("supply", () -> {
            throw new OutOfMemoryError("Java heap space");
        }, told::countDown)) {
            assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(thread.hasFailed()).isTrue();
            assertThatThrownBy(thread::check).isInstanceOf(OutOfMemoryError.class);
        }
    }

    @Test
    void whatIsInterruptedHasNotFailed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (SessionThread thread = new SessionThread("reports", () -> {
            begun.countDown();
            Thread.sleep(60_000);
        }, () -> {})) {
            assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
            thread.close();
            assertThat(thread.hasFailed()).isFalse();
            thread.check();
        }
    }
}

package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What those who wait cost. */
class WaitsTest {

    private static final Duration LONG = Duration.ofHours(1);

    /** Two hundred that wait were once all tried for every report: a task cost fifty milliseconds of CPU instead of two. */
    @Test
    void whatHappensToOthersCostsThoseWhoWaitNothing() throws Exception {
        Waits waits = new Waits(LONG, () -> {});
        AtomicInteger triesOfIdle = new AtomicInteger();
        List<CompletableFuture<String>> idle = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            idle.add(waits.await(wish("idle" + i, triesOfIdle, Integer.MAX_VALUE), LONG));
        }
        assertThat(triesOfIdle).as("once, when it came").hasValue(idle.size());
        for (int task = 0; task < 100; task++) {
            CompletableFuture<String> busy = waits.await(wish("busy", new AtomicInteger(), 2), LONG);
            waits.wake("busy", "busy");
            assertThat(busy.get(1, TimeUnit.MINUTES)).isEqualTo("a task");
        }
        assertThat(triesOfIdle).hasValue(idle.size());
        assertThat(waits.size()).isEqualTo(idle.size());
        idle.forEach(call -> call.cancel(false));
        assertThat(waits.size()).isZero();
    }

    /** @param triesUntil there is a task */
    private static Waits.Wish<String> wish(String device, AtomicInteger tries, int triesUntil) {
        return new Waits.Wish<>(device, anything -> true, 1, Duration.ZERO,
            () -> tries.incrementAndGet() >= triesUntil ? Optional.of("a task") : Optional.empty(), () -> "nothing", unwanted -> {});
    }
}

package dev.lutra.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.cluster.ClusterException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PatienceTest {

    @Test
    void withoutWorkersARunWaitsTenMinutes() {
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // a clock may run over
        Patience patience = new Patience("spark://host:7077", now::get);
        now.addAndGet(TimeUnit.MINUTES.toNanos(10));
        patience.look(false);
        now.incrementAndGet();
        patience.look(true);
        now.addAndGet(TimeUnit.MINUTES.toNanos(10));
        patience.look(false);
        now.addAndGet(TimeUnit.MINUTES.toNanos(2));
        assertThatThrownBy(() -> patience.look(false)).isInstanceOf(ClusterException.class)
            .hasMessage("spark://host:7077: no worker left for 12 min (the same command goes on from here when there is one)");
    }
}

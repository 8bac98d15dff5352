package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Slice;
import org.junit.jupiter.api.Test;

class TimeAccountTest {

    private static final long S = 1_000_000_000;

    private static Slice slice(long warmupSeconds, long samplingSeconds, long sessionSeconds) {
        return Slice.newBuilder().setWarmupNanos(warmupSeconds * S).setSamplingNanos(samplingSeconds * S)
            .setSessionNanos(sessionSeconds * S).build();
    }

    @Test
    void everySecondIsOfOneKind() {
        TimeAccount account = new TimeAccount(1000 * S);
        account.processStarts();
        account.sentinel(slice(1, 5, 2), 10 * S);
        account.task(slice(10, 40, 3), 54 * S);
        account.task(slice(5, 15, 4), 25 * S);
        account.add(TimeAccount.Kind.CALM, 6 * S);
        account.taskLeft();
        account.taskLeft();

        assertThat(account.summary(1100 * S)).isEqualTo("batch of 2: 100.0 s, 70 % measuring, 8 % sentinel, 7 % sessions, "
            + "2 % process starts, 2 % transfer, 6 % waiting for calm, 5 % other");
    }

    @Test
    void aProcessThatCrashesCostsItsStart() {
        TimeAccount account = new TimeAccount(0);
        account.processStarts();
        account.failed(2 * S);
        account.failed(S);

        assertThat(account.nanos(TimeAccount.Kind.PROCESSES)).isEqualTo(2 * S);
        assertThat(account.nanos(TimeAccount.Kind.TRANSFER)).isEqualTo(S);
    }
}

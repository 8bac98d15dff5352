package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SteadyClockTest {

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path folder;
    private long nanos = 123;

    /** Between two events somebody sets the system's clock; this one is asked only when a run begins. */
    @Test
    void aStageTakesAsLongAsItTookWhateverTheClockIsSetTo() {
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            ResultStore results = new ResultStore(database, "e");
            EventStore events = new EventStore(results, folder.resolve("metrics.jsonl"),
                new SteadyClock(Clock.fixed(BEGIN, ZoneOffset.UTC), () -> nanos));
            events.heard(new RunEvent.StageBegan("train"));
            nanos += Duration.ofMinutes(3).toNanos();
            events.heard(new RunEvent.StageEnded("train"));
            assertThat(EventStore.all(results).values()).extracting(StoredEvent::at)
                .containsExactly(BEGIN, BEGIN.plus(Duration.ofMinutes(3)));
            assertThat(RunHistory.of(results).durations()).containsEntry("train", Duration.ofMinutes(3));
        }
    }
}

package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {

    @TempDir
    private Path folder;

    private static RunEvent epoch(int epoch) {
        return new RunEvent.EpochSaved("retrain/a", epoch, 10L * epoch);
    }

    @Test
    void isReadWhileItIsWritten() throws IOException {
        Path file = folder.resolve("events.jsonl");
        EventLines reader = new EventLines(file);
        assertThat(reader.next().events()).as("nobody has begun").isEmpty();
        try (EventFile told = EventFile.begin(file, Clock.systemUTC())) {
            told.heard(epoch(1));
            told.heard(new RunEvent.Noted("a line for a console that is not here"));
            told.heard(new RunEvent.Warning("retrain", "ä line"));
            assertThat(reader.next().events()).containsExactly(epoch(1), new RunEvent.Warning("retrain", "ä line"));
            assertThat(reader.next().events()).isEmpty();
            told.heard(epoch(2));
        }
        String whole = Files.readAllLines(file).get(0) + "\n";
        Files.writeString(file, whole.substring(0, 30), StandardOpenOption.APPEND);
        assertThat(reader.next().events()).as("the last line is half written").containsExactly(epoch(2));
        Files.writeString(file, whole.substring(30), StandardOpenOption.APPEND);
        assertThat(reader.next().events()).containsExactly(epoch(1));
        try (EventFile told = EventFile.begin(file, Clock.systemUTC())) { // another process goes on
            told.heard(epoch(3));
        }
        assertThat(List.of(reader.next().events())).containsExactly(List.of(epoch(3)));
    }
}

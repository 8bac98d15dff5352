package dev.lutra.server.event;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/** What happens in a process that works for a run elsewhere, as lines of a file that both see: of all that it hears, what a run stores. */
public final class EventFile implements RunListener, AutoCloseable {

    private final Path file;
    private final Writer lines;
    private final Clock clock;

    private EventFile(Path file, Writer lines, Clock clock) {
        this.file = file;
        this.lines = lines;
        this.clock = clock;
    }

    /** Begins a file anew. */
    public static EventFile begin(Path file, Clock clock) {
        try {
            return new EventFile(file, Files.newBufferedWriter(file), clock);
        } catch (IOException e) {
            throw trouble(file, e);
        }
    }

    @Override
    public void heard(RunEvent event) {
        event.key().ifPresent(key -> {
            try {
                lines.write(EventJson.write(key, new StoredEvent(clock.instant(), 1, event)) + "\n");
                lines.flush();
            } catch (IOException e) {
                throw trouble(file, e);
            }
        });
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw trouble(file, e);
        }
    }

    private static UncheckedIOException trouble(Path file, IOException e) {
        return new UncheckedIOException(file + ": " + FileTrouble.reason(file, e), e);
    }
}

package dev.lutra.benchmarks;

import dev.lutra.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that another process sets, by a file. */
final class FalseClock extends Clock {

    private final Path file;

    FalseClock(Path file) {
        this.file = file;
    }

    /** Sets those that look into a file so far ahead of the true time. */
    static void set(Path file, Duration ahead) {
        AtomicFile.write(file, ahead.toString());
    }

    @Override
    public Instant instant() {
        try {
            return Instant.now().plus(Duration.parse(Files.readString(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}

package dev.lutra.benchmarks;

import dev.lutra.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;

/** A clock that another process sets, by a file. */
final class FalseClock {

    private FalseClock() {}

    static Clock of(Path file) {
        InstantSource source = () -> {
            try {
                return Instant.now().plus(Duration.parse(Files.readString(file)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        return source.withZone(ZoneOffset.UTC);
    }

    /** Sets those that look into a file so far ahead of the true time. */
    static void set(Path file, Duration ahead) {
        AtomicFile.write(file, ahead.toString());
    }
}

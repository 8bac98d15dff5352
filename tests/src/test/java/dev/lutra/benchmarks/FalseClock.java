package dev.lutra.benchmarks;

import dev.lutra.AtomicFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The clock of programs that are started with it, as if somebody set it while they run: libfaketime's, which monotonic clocks do not follow. */
record FalseClock(Path library, Path offset) {

    private static final Path LIBRARIES = Path.of("/usr/lib");

    /** One whose setting lies in a folder, at first right; empty where there is no libfaketime. */
    static Optional<FalseClock> in(Path folder) throws IOException {
        if (!Files.isDirectory(LIBRARIES)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> systems = Files.newDirectoryStream(LIBRARIES, Files::isDirectory)) {
            for (Path system : systems) {
                Path library = system.resolve("faketime/libfaketimeMT.so.1"); // where Debian has it
                if (Files.exists(library)) {
                    FalseClock clock = new FalseClock(library, folder.resolve("clock"));
                    clock.set(Duration.ZERO);
                    return Optional.of(clock);
                }
            }
        }
        return Optional.empty();
    }

    /** To start programs in. */
    Map<String, String> environment() {
        return Map.of("LD_PRELOAD", library.toString(), "FAKETIME_TIMESTAMP_FILE", offset.toString(), "FAKETIME_CACHE_DURATION", "1",
            "FAKETIME_DONT_FAKE_MONOTONIC", "1", "NO_FAKE_STAT", "1");
    }

    /** Sets it so far ahead of the true time; they see it within a second. */
    void set(Duration ahead) {
        AtomicFile.write(offset, String.format("%+d%n", ahead.toSeconds()));
    }
}

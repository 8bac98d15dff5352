package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.proto.Distribution;
import dev.lutra.proto.Measured;
import dev.lutra.server.event.Progress;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is shown while a device measures. */
class MeasuringProgressTest {

    @TempDir
    private Path folder;

    private long nanos;

    /** Keeps what is shown: the work's name, length and unit, then how far it is and what is said beside. */
    private static final class Shown implements Progress {

        private final List<String> lines = new ArrayList<>();

        @Override
        public Work begin(String what, long total, String unit) {
            lines.add(what + ": " + total + " " + unit);
            return new Work() {
                @Override
                public void at(double done, String note) {
                    lines.add(done + " " + note);
                }

                @Override
                public void close() {
                    lines.add("end");
                }
            };
        }

        @Override
        public void say(String line) {
            lines.add(line);
        }
    }

    private static List<Measured> measured(double... halfWidths) {
        return Arrays.stream(halfWidths).mapToObj(halfWidth -> Measured.newBuilder()
            .setLatency(Distribution.newBuilder().setRelativeHalfWidth(halfWidth)).build()).toList();
    }

    @Test
    void countsModelsWithoutABudget() {
        Shown shown = new Shown();
        try (MeasuringProgress progress = MeasuringProgress.of("profile box", 27, shown)) {
            progress.at(measured(0.01, 0.02), 1.5, 0.03);
        }
        assertThat(shown.lines).containsExactly("profile box: 27 models", "3.5 ", "end");
    }

    @Test
    void countsTimeAndPrecisionWithinABudget() {
        Shown shown = new Shown();
        try (Database database = Database.open(folder.resolve("lutra.db"))) {
            ProfilingBudget budget = ProfilingBudget.goOn(new ResultStore(database, "run"), "box", Duration.ofSeconds(60), () -> nanos);
            nanos += 4_000_000_000L;
            try (MeasuringProgress progress = MeasuringProgress.within(budget, "profile box", Duration.ofSeconds(40), shown)) {
                progress.at(measured(), 0, 0);
                nanos += 9_000_000_000L;
                progress.at(measured(), 3, 0.04);
                nanos += 29_000_000_000L;
                progress.at(measured(0.01, 0.021, 0.5), 0, 0);
                nanos += 7_000_000_000L;
                progress.at(measured(0.01, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY), 0, 0);
            }
        }
        assertThat(shown.lines).containsExactly("profile box: 40 seconds", "0.0 40 s left", "9.0 31 s left, median ±4.0 %",
            "38.0 2 s left, median ±2.1 %", "40.0 5 s late", "end");
    }
}

package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a device's time is shared, and what becomes of it when a run is killed. */
class ProfilingBudgetTest {

    private static final Duration TOTAL = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private Database database;
    private ResultStore results;
    private long nanos = -3_000_000_000L;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        results = new ResultStore(database, "run");
    }

    @AfterEach
    void close() {
        database.close();
    }

    private ProfilingBudget budget(Duration total) {
        return ProfilingBudget.goOn(results, "box", total, () -> nanos);
    }

    private void pass(double seconds) {
        nanos += Math.round(seconds * 1e9);
    }

    @Test
    void segmentsAndNetworksShareItByTheirNumbers() {
        assertThat(budget(TOTAL).forSegments(30, 0)).isEqualTo(TOTAL);
        assertThat(budget(TOTAL).forSegments(30, 30)).isEqualTo(Duration.ofSeconds(30));
        assertThat(budget(TOTAL).forSegments(1, 99)).isEqualTo(Duration.ofSeconds(18));
        assertThat(budget(TOTAL).forSegments(99, 1)).isEqualTo(Duration.ofSeconds(48));
    }

    @Test
    void networksGetWhatSegmentsHaveLeft() {
        ProfilingBudget budget = budget(TOTAL);
        pass(12.5);
        assertThat(budget.left()).isEqualTo(Duration.ofMillis(47_500));
        pass(50);
        assertThat(budget.left()).isEqualTo(Duration.ofNanos(1));
    }

    @Test
    void saysWhatWasSpentEvenWhereThatIsMore() {
        ProfilingBudget budget = budget(TOTAL);
        pass(58);
        assertThat(budget.described()).isEqualTo("took 58 of 60 s");
        pass(17);
        assertThat(budget.described())
            .isEqualTo("took 75 of 60 s, since every model gets one slice even where time is too short for that");
        assertThat(budget(Duration.ofMillis(1400)).described()).isEqualTo("took 0.0 of 1.4 s");
    }

    @Test
    void aRunThatWasKilledGoesOnWithWhatIsLeft() {
        ProfilingBudget first = budget(TOTAL);
        pass(20);
        first.keep();
        pass(1000);
        ProfilingBudget second = budget(TOTAL);
        assertThat(second.left()).isEqualTo(Duration.ofSeconds(40));
        assertThat(second.forSegments(30, 30)).as("half of all, less what is spent").isEqualTo(Duration.ofSeconds(10));
        pass(5);
        second.keep();
        assertThat(budget(TOTAL).described()).isEqualTo("took 25 of 60 s");
    }

    @Test
    void anotherBudgetAnotherDeviceAndALaterTableHaveTheirTimeAnew() {
        ProfilingBudget first = budget(TOTAL);
        pass(20);
        first.keep();
        assertThat(budget(Duration.ofSeconds(90)).left()).isEqualTo(Duration.ofSeconds(90));
        assertThat(ProfilingBudget.goOn(results, "phone", TOTAL, () -> nanos).left()).isEqualTo(TOTAL);
        first.forget();
        assertThat(budget(TOTAL).left()).isEqualTo(TOTAL);
    }
}

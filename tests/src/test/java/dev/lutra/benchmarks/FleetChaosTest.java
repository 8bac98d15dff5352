package dev.lutra.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Some seconds of chaos; {@code tests/benchmarks/chaos.sh} has more of it. */
class FleetChaosTest {

    @Test
    void whateverHappensNothingIsLostOrCountedTwice(@TempDir Path folder) throws IOException {
        FleetChaos.Report report = FleetChaos.unleash(folder, FleetChaos.Size.SMALL);
        assertThat(report.events()).as("what happened").hasSizeGreaterThan(2);
        assertThat(report.tasks()).isPositive();
        assertThat(report.acknowledged()).as("those that no killed agent was told of").isBetween(report.tasks() / 2, report.tasks());
    }
}

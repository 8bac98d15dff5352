package dev.lutra.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark of a fleet at a small size: it still measures, and nothing is lost or counted twice. */
class FleetBenchmarkTest {

    @Test
    void everyTaskIsDoneOnce(@TempDir Path folder) throws IOException {
        assertThat(FleetBenchmark.measure(folder, FleetBenchmark.Size.SMALL)).hasSize(4)
            .allSatisfy(figures -> assertThat(figures.values()).isNotEmpty().allSatisfy((name, value) -> assertThat(value).isPositive()));
    }
}

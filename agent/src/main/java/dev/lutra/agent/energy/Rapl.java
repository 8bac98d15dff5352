package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The counters of x86 processors (RAPL) as Linux's powercap shows them: every package, and the memory beside it where it has a zone of
 * its own. Counters begin anew at their range (Documentation/power/powercap/powercap.rst). {@code psys}, which holds the packages, is
 * left out.
 */
final class Rapl implements EnergyCounter {

    private static final double MICRO = 1e-6;
    /** Counters move every millisecond. */
    private static final Duration WINDOW = Duration.ofMillis(250);

    /** One counter, in microjoules. */
    private static final class Zone {

        private final String name;
        private final Path counter;
        private final long range;
        private long last;
        private long sum;

        Zone(Path folder) throws IOException {
            name = SensorFile.text(folder.resolve("name"));
            counter = folder.resolve("energy_uj");
            range = SensorFile.number(folder.resolve("max_energy_range_uj"));
            last = SensorFile.number(counter);
        }

        long sum() throws IOException {
            long now = SensorFile.number(counter);
            sum += now >= last ? now - last : now + range - last;
            last = now;
            return sum;
        }
    }

    private final List<Zone> zones;

    private Rapl(List<Zone> zones) {
        this.zones = zones;
    }

    /**
     * The counters of this machine.
     *
     * @param sysfs where it is mounted
     * @return empty where there are none
     * @throws IOException if there are some that cannot be read
     */
    static Optional<EnergyCounter> find(Path sysfs) throws IOException {
        List<Zone> zones = new ArrayList<>();
        for (Path folder : SensorFile.in(sysfs.resolve("class/powercap"), "intel-rapl:*")) {
            boolean isPart = folder.getFileName().toString().chars().filter(c -> c == ':').count() > 1;
            String name = SensorFile.text(folder.resolve("name"));
            if (isPart ? name.equals("dram") : name.startsWith("package")) {
                zones.add(new Zone(folder));
            }
        }
        return zones.isEmpty() ? Optional.empty() : Optional.of(new Rapl(zones));
    }

    @Override
    public String source() {
        return "rapl: " + String.join(", ", zones.stream().map(zone -> zone.name).toList());
    }

    @Override
    public double joules() throws IOException {
        long sum = 0;
        for (Zone zone : zones) {
            sum += zone.sum();
        }
        return MICRO * sum;
    }

    @Override
    public Duration window() {
        return WINDOW;
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}

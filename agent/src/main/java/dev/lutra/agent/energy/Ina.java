package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The INA sensors of boards such as NVIDIA's Jetsons, as Linux's hwmon shows them: a voltage and a current for every rail
 * (ina3221), or power (ina219, ina226, ina238). Where one rail feeds the whole board (its label ends in {@code _IN}), it alone counts, else
 * all.
 */
final class Ina implements PowerSensor {

    private static final double MILLI = 1e-3;
    private static final double MICRO = 1e-6;
    private static final int MOST_RAILS = 8;
    private static final String WHOLE_BOARD = "_IN";
    /** Sensors average over some ten milliseconds. */
    private static final Duration WINDOW = Duration.ofMillis(500);

    /** Power alone, or a voltage and a current. */
    private record Rail(String label, List<Path> factors, double unit) {

        double watts() throws IOException {
            double product = unit;
            for (Path factor : factors) {
                product *= SensorFile.number(factor);
            }
            return product;
        }
    }

    private final List<Rail> rails;

    private Ina(List<Rail> rails) {
        this.rails = rails;
    }

    /**
     * The sensors of this machine.
     *
     * @param sysfs where it is mounted
     * @return empty where there are none
     * @throws IOException if there are some that cannot be read
     */
    static Optional<PowerSensor> find(Path sysfs) throws IOException {
        List<Rail> rails = new ArrayList<>();
        for (Path chip : SensorFile.in(sysfs.resolve("class/hwmon"), "hwmon*")) {
            if (chip.resolve("name").toFile().exists() && SensorFile.text(chip.resolve("name")).startsWith("ina")) {
                rails.addAll(rails(chip));
            }
        }
        List<Rail> whole = rails.stream().filter(rail -> rail.label().endsWith(WHOLE_BOARD)).toList();
        Ina sensors = new Ina(whole.isEmpty() ? rails : whole);
        sensors.watts();
        return rails.isEmpty() ? Optional.empty() : Optional.of(sensors);
    }

    private static List<Rail> rails(Path chip) throws IOException {
        List<Rail> rails = new ArrayList<>();
        for (int i = 1; i <= MOST_RAILS; i++) {
            Path power = chip.resolve("power" + i + "_input");
            Path voltage = chip.resolve("in" + i + "_input");
            Path current = chip.resolve("curr" + i + "_input");
            Path label = chip.resolve("in" + i + "_label");
            String name = label.toFile().exists() ? SensorFile.text(label) : chip.getFileName() + "." + i;
            if (power.toFile().exists()) {
                rails.add(new Rail(name, List.of(power), MICRO));
            } else if (voltage.toFile().exists() && current.toFile().exists()) {
                rails.add(new Rail(name, List.of(voltage, current), MILLI * MILLI));
            }
        }
        return rails;
    }

    @Override
    public String source() {
        return "ina: " + String.join(", ", rails.stream().map(Rail::label).toList());
    }

    @Override
    public double watts() throws IOException {
        double watts = 0;
        for (Rail rail : rails) {
            watts += rail.watts();
        }
        return watts;
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

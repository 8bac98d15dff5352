package dev.lutra.agent.energy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The INA sensors of boards such as NVIDIA's Jetsons. As Linux's hwmon shows them: a bus voltage and a current for each of three channels
 * (ina3221; its fourth current is the sum of the others, and its further voltages are those of shunts, in another unit:
 * Documentation/hwmon/ina3221.rst), or power (ina219, ina226, ina238). As iio shows those of JetPacks before 5: power, in milliwatts.
 * Where one rail feeds the whole board (its label ends in {@code _IN}), it alone counts, else all.
 */
final class Ina implements PowerSensor {

    private static final double MILLI = 1e-3;
    private static final double MICRO = 1e-6;
    private static final int CHANNELS = 3;
    private static final String WHOLE_BOARD = "_IN";
    /** Sensors average over some ten milliseconds. */
    private static final Duration WINDOW = Duration.ofMillis(500);

    /** Power alone, or a voltage and a current; near 0 what is measured may be below it. */
    private record Rail(String label, List<Path> factors, double unit) {

        double watts() throws IOException {
            double product = unit;
            for (Path factor : factors) {
                product *= SensorFile.signed(factor);
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
        for (Path chip : chips(sysfs.resolve("class/hwmon"), "hwmon*")) {
            rails.addAll(hwmon(chip));
        }
        for (Path chip : chips(sysfs.resolve("bus/iio/devices"), "iio:device*")) {
            rails.addAll(iio(chip));
        }
        List<Rail> whole = rails.stream().filter(rail -> rail.label().endsWith(WHOLE_BOARD)).toList();
        Ina sensors = new Ina(whole.isEmpty() ? rails : whole);
        sensors.watts();
        return rails.isEmpty() ? Optional.empty() : Optional.of(sensors);
    }

    private static List<Path> chips(Path folder, String pattern) throws IOException {
        List<Path> chips = new ArrayList<>();
        for (Path chip : SensorFile.in(folder, pattern)) {
            if (isThere(chip.resolve("name")) && SensorFile.text(chip.resolve("name")).startsWith("ina")) {
                chips.add(chip);
            }
        }
        return chips;
    }

    private static List<Rail> hwmon(Path chip) throws IOException {
        List<Rail> rails = new ArrayList<>();
        for (int i = 1; i <= CHANNELS; i++) {
            Path power = chip.resolve("power" + i + "_input");
            Path voltage = chip.resolve("in" + i + "_input");
            Path current = chip.resolve("curr" + i + "_input");
            String name = label(chip.resolve("in" + i + "_label"), chip, i);
            if (isThere(power)) {
                rails.add(new Rail(name, List.of(power), MICRO));
            } else if (isThere(voltage) && isThere(current) && isEnabled(chip.resolve("in" + i + "_enable"))) {
                rails.add(new Rail(name, List.of(voltage, current), MILLI * MILLI));
            }
        }
        return rails;
    }

    private static List<Rail> iio(Path chip) throws IOException {
        List<Rail> rails = new ArrayList<>();
        for (int i = 0; i < CHANNELS; i++) {
            Path power = chip.resolve("in_power" + i + "_input");
            if (isThere(power)) {
                rails.add(new Rail(label(chip.resolve("rail_name_" + i), chip, i), List.of(power), MILLI));
            }
        }
        return rails;
    }

    private static String label(Path file, Path chip, int channel) throws IOException {
        return isThere(file) ? SensorFile.text(file) : chip.getFileName() + "." + channel;
    }

    /** A channel that is switched off has files that cannot be read (ENODATA). */
    private static boolean isEnabled(Path file) throws IOException {
        return !isThere(file) || SensorFile.number(file) != 0;
    }

    private static boolean isThere(Path file) {
        return file.toFile().exists();
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

package dev.lutra.agent.energy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On a tree such as sysfs shows it. */
@Timeout(60)
class EnergySourcesTest {

    private static final String NO_PROGRAM = "no-such-program-of-a-driver";

    @TempDir
    private Path sysfs;
    private final AtomicLong now = new AtomicLong(1);

    private void file(String name, Object content) throws IOException {
        Path file = sysfs.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content + "\n");
    }

    private void zone(String folder, String name, long microjoules) throws IOException {
        file("class/powercap/" + folder + "/name", name);
        file("class/powercap/" + folder + "/energy_uj", microjoules);
        file("class/powercap/" + folder + "/max_energy_range_uj", 262_143_328_850L);
    }

    private EnergySources find() throws InterruptedException {
        return EnergySources.find(sysfs, NO_PROGRAM, Map.of(), now::get);
    }

    /** A single-socket server: the core's own zone lies in the package's, psys holds all. */
    @Test
    void packagesAndTheirMemoryAreAdded() throws Exception {
        zone("intel-rapl:0", "package-0", 5_000_000);
        zone("intel-rapl:0:0", "core", 700_000);
        zone("intel-rapl:0:1", "dram", 300_000);
        zone("intel-rapl:1", "psys", 9_000_000);
        EnergySources sources = find();
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        assertThat(sources.described("cpu")).isEqualTo("rapl: package-0, dram");
        double before = counter.joules();
        zone("intel-rapl:0", "package-0", 7_500_000);
        zone("intel-rapl:0:0", "core", 2_700_000);
        zone("intel-rapl:0:1", "dram", 800_000);
        zone("intel-rapl:1", "psys", 19_000_000);
        assertThat(counter.joules() - before).isCloseTo(3.0, within(1e-9));
    }

    @Test
    void aCounterThatBeginsAnewGoesOn() throws Exception {
        zone("intel-rapl:0", "package-0", 262_143_000_000L);
        EnergySources sources = find();
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        double before = counter.joules();
        zone("intel-rapl:0", "package-0", 671_150);
        assertThat(counter.joules() - before).isCloseTo(1.0, within(1e-9));
        zone("intel-rapl:0", "package-0", 1_671_150);
        assertThat(counter.joules() - before).isCloseTo(2.0, within(1e-9));
    }

    @Test
    void aCounterThatMayNotBeReadIsNamed() throws Exception {
        zone("intel-rapl:0", "package-0", 5);
        Path counter = sysfs.resolve("class/powercap/intel-rapl:0/energy_uj");
        Files.delete(counter);
        Files.createDirectory(counter); // what even root cannot read
        EnergySources sources = find();
        assertThat(sources.open("cpu", Map.of())).isEmpty();
        assertThat(sources.described("cpu")).startsWith("not told: " + counter + ": may not be read");
    }

    @Test
    void aCounterThatIsNoNumberIsNamed() throws Exception {
        zone("intel-rapl:0", "package-0", 5);
        file("class/powercap/intel-rapl:0/energy_uj", "many");
        EnergySources sources = find();
        assertThat(sources.described("cpu")).contains("energy_uj: 'many' (expected: a number of at least 0)");
    }

    @Test
    void aSensorThatVanishesIsAnErrorAndNoFigure() throws Exception {
        zone("intel-rapl:0", "package-0", 5_000_000);
        EnergySources sources = find();
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        counter.joules();
        Files.delete(sysfs.resolve("class/powercap/intel-rapl:0/energy_uj"));
        assertThatThrownBy(counter::joules).isInstanceOf(IOException.class).hasMessageEndingWith("energy_uj: is not there");
    }

    /** A Jetson Orin: VDD_IN feeds the others. Millivolts times milliamperes. */
    @Test
    void aBoardsWholeRailCountsAlone() throws Exception {
        file("class/hwmon/hwmon0/name", "cpu_thermal");
        file("class/hwmon/hwmon1/name", "ina3221");
        rail("hwmon1", 1, "VDD_IN", 5000, 2000);
        rail("hwmon1", 2, "VDD_CPU_GPU_CV", 5000, 400);
        EnergySources sources = find();
        assertThat(sources.described("cpu")).isEqualTo("ina: VDD_IN");
        assertThat(sources.described("cuda")).as("which has no other source there").isEqualTo("ina: VDD_IN");
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        double before = counter.joules();
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(500));
        assertThat(counter.joules() - before).as("10 W for half a second").isCloseTo(5.0, within(1e-6));
    }

    @Test
    void railsWithoutAWholeOneAddUp() throws Exception {
        file("class/hwmon/hwmon3/name", "ina3221");
        rail("hwmon3", 1, "GPU", 19_000, 100);
        rail("hwmon3", 2, "CPU", 19_000, 50);
        file("class/hwmon/hwmon4/name", "ina226");
        file("class/hwmon/hwmon4/power1_input", 1_150_000);
        EnergySources sources = find();
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        double before = counter.joules();
        now.addAndGet(TimeUnit.SECONDS.toNanos(2));
        assertThat(counter.joules() - before).isCloseTo(2 * (1.9 + 0.95 + 1.15), within(1e-6));
    }

    /** What the driver of ina3221 shows besides its channels: shunt voltages in microvolts, and the sum of the currents. */
    @Test
    void shuntsAndSumsAreNoRails() throws Exception {
        file("class/hwmon/hwmon1/name", "ina3221");
        rail("hwmon1", 1, "VDD_GPU_SOC", 19_000, 100);
        rail("hwmon1", 2, "VDD_CPU_CV", 19_000, 50);
        rail("hwmon1", 3, "VIN_SYS_5V0", 5_000, 200);
        rail("hwmon1", 4, "sum of shunt voltages", 80_000, 350);
        for (int shunt = 5; shunt <= 7; shunt++) {
            file("class/hwmon/hwmon1/in" + shunt + "_input", 40_000);
        }
        EnergySources sources = find();
        assertThat(sources.described("cpu")).isEqualTo("ina: VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0");
        assertThat(wattsOf(sources)).isCloseTo(1.9 + 0.95 + 1.0, within(1e-6));
    }

    /** Reading a channel that is switched off fails (ENODATA), and a current near 0 may read below it. */
    @Test
    void channelsThatAreOffAndCurrentsBelowZeroLeaveTheOthersTold() throws Exception {
        file("class/hwmon/hwmon1/name", "ina3221");
        rail("hwmon1", 1, "CPU", 5_000, 400);
        file("class/hwmon/hwmon1/in1_enable", 1);
        rail("hwmon1", 2, "NC", 5_000, 0);
        file("class/hwmon/hwmon1/in2_enable", 0);
        Files.delete(sysfs.resolve("class/hwmon/hwmon1/curr2_input"));
        Files.createDirectory(sysfs.resolve("class/hwmon/hwmon1/curr2_input"));
        rail("hwmon1", 3, "SYS", 5_000, -8);
        EnergySources sources = find();
        assertThat(sources.described("cpu")).isEqualTo("ina: CPU, SYS");
        assertThat(wattsOf(sources)).isCloseTo(2.0 - 0.04, within(1e-6));
    }

    /** A Jetson TX2 with JetPack 4: two chips through iio, milliwatts. */
    @Test
    void olderJetsonsTellPowerThroughIio() throws Exception {
        iio("iio:device0", "VDD_SYS_GPU", 150, "VDD_SYS_SOC", 450, "VDD_WIFI", 0);
        iio("iio:device1", "VDD_IN", 3900, "VDD_SYS_CPU", 500, "VDD_SYS_DDR", 700);
        file("bus/iio/devices/iio:device2/name", "bmi160");
        EnergySources sources = find();
        assertThat(sources.described("cpu")).isEqualTo("ina: VDD_IN");
        assertThat(wattsOf(sources)).isCloseTo(3.9, within(1e-6));
    }

    private void iio(String chip, Object... rails) throws IOException {
        file("bus/iio/devices/" + chip + "/name", "ina3221x");
        for (int i = 0; i < rails.length / 2; i++) {
            file("bus/iio/devices/" + chip + "/rail_name_" + i, rails[2 * i]);
            file("bus/iio/devices/" + chip + "/in_power" + i + "_input", rails[2 * i + 1]);
        }
    }

    private double wattsOf(EnergySources sources) throws Exception {
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        double before = counter.joules();
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        return counter.joules() - before;
    }

    private void rail(String chip, int number, String label, long millivolts, long milliamperes) throws IOException {
        file("class/hwmon/" + chip + "/in" + number + "_label", label);
        file("class/hwmon/" + chip + "/in" + number + "_input", millivolts);
        file("class/hwmon/" + chip + "/curr" + number + "_input", milliamperes);
    }

    @Test
    void powerThatVanishesWhileItIsSampledIsAnError() throws Exception {
        file("class/hwmon/hwmon1/name", "ina3221");
        rail("hwmon1", 1, "VDD_IN", 5000, 2000);
        EnergySources sources = find();
        EnergyCounter counter = sources.open("cpu", Map.of()).orElseThrow();
        Files.delete(sysfs.resolve("class/hwmon/hwmon1/curr1_input"));
        assertThatThrownBy(counter::joules).isInstanceOf(IOException.class).hasMessageEndingWith("curr1_input: is not there");
    }

    @Test
    void withoutSensorsItSaysWhereItLooked() throws Exception {
        EnergySources sources = find();
        assertThat(sources.open("cpu", Map.of())).isEmpty();
        assertThat(sources.described("cpu")).isEqualTo("not told: no counter intel-rapl:* in " + sysfs.resolve("class/powercap")
            + "; no sensor ina* in " + sysfs.resolve("class/hwmon") + " or " + sysfs.resolve("bus/iio/devices"));
        assertThat(sources.described("cuda")).startsWith("not told: no " + NO_PROGRAM + "; ");
    }

    /** A program that speaks as the driver's does. */
    @Test
    void aGraphicsCardIsReadByTheDriversProgram() throws Exception {
        Path program = program("for i in 1 2 3 4 5 6 7 8 9; do echo 70.50; sleep 1; done");
        EnergySources sources = EnergySources.find(sysfs, program.toString(), Map.of(), now::get);
        assertThat(sources.described("cuda")).isEqualTo("nvidia-smi: GPU 0");
        assertThat(sources.open("cpu", Map.of())).as("whose energy that is not").isEmpty();
        EnergyCounter counter = sources.open("tensorrt", Map.of()).orElseThrow();
        double before = counter.joules();
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(counter.joules() - before).isCloseTo(70.5, within(1e-6));
    }

    @Test
    void aCardThatTellsNoPowerIsNamed() throws Exception {
        Path program = program("echo '[N/A]'");
        EnergySources sources = EnergySources.find(sysfs, program.toString(), Map.of(), now::get);
        assertThat(sources.open("cuda", Map.of())).isEmpty();
        assertThat(sources.described("cuda")).contains(": tells no power");
    }

    /** The program says 60 W of GPU 0, 61 of GPU 1. */
    @Test
    void theGraphicsCardThatModelsRunOnIsRead() throws Exception {
        Path program = program("for i in 1 2 3 4 5 6 7 8 9; do echo \"6${1#--id=}.0\"; sleep 1; done");
        EnergySources sources = EnergySources.find(sysfs, program.toString(), Map.of(), now::get);
        EnergyCounter counter = sources.open("cuda", Map.of("device_id", "1")).orElseThrow();
        assertThat(counter.source()).isEqualTo("nvidia-smi: GPU 1");
        double before = counter.joules();
        now.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(counter.joules() - before).isCloseTo(61, within(1e-6));
        counter.close();
    }

    @Test
    void cardsThatTheEnvironmentRenumbersAreNotTold() throws Exception {
        Path program = program("echo 70.50; sleep 9");
        EnergySources sources = EnergySources.find(sysfs, program.toString(), Map.of("CUDA_VISIBLE_DEVICES", "1"), now::get);
        assertThat(sources.open("cuda", Map.of())).isEmpty();
        assertThat(sources.described("cuda")).startsWith("not told: CUDA_VISIBLE_DEVICES renumbers GPUs, so that nobody knows which one ");
    }

    private Path program(String script) throws IOException {
        Path program = Files.writeString(sysfs.resolve("driver.sh"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }
}

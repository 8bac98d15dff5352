package dev.lutra.agent.device;

import dev.lutra.proto.SystemState;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import oshi.SystemInfo;
import oshi.hardware.HardwareAbstractionLayer;

/** What the operating system tells about the machine's state; what it does not tell is left out. */
public final class SystemWatch {

    /** CPU time since the system started, in ticks of all cores. */
    public record CpuTime(long total, long stolen) {}

    private static final int STEAL_FIELD = 7;
    /** The fields after it repeat guest time that is counted already. */
    private static final int CPU_FIELDS = 8;

    private final Path root;
    private final HardwareAbstractionLayer hardware = new SystemInfo().getHardware();

    public SystemWatch() {
        this(Path.of("/"));
    }

    /** @param root where {@code proc} and {@code sys} lie */
    public SystemWatch(Path root) {
        this.root = root;
    }

    public CpuTime cpuTime() {
        long[] ticks = firstLine("proc/stat").filter(line -> line.startsWith("cpu ")).stream()
            .flatMap(line -> Arrays.stream(line.substring("cpu ".length()).strip().split(" +")))
            .limit(CPU_FIELDS).mapToLong(SystemWatch::number).toArray();
        return new CpuTime(Arrays.stream(ticks).sum(), ticks.length > STEAL_FIELD ? ticks[STEAL_FIELD] : 0);
    }

    /** The state now; the share of stolen CPU time is that since an earlier moment. */
    public SystemState state(CpuTime since) {
        SystemState.Builder state = SystemState.newBuilder();
        firstLine("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ifPresent(state::setGovernor);
        state.setMhz((int) megahertz());
        state.setCelsius(celsius());
        state.setLoadAverage(Math.max(0, ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        CpuTime now = cpuTime();
        if (now.total() > since.total()) {
            state.setStealShare((now.stolen() - since.stolen()) / (double) (now.total() - since.total()));
        }
        return state.build();
    }

    /** Of the fastest core. */
    private long megahertz() {
        long kilohertz = numbers("sys/devices/system/cpu", "cpu[0-9]*", "cpufreq/scaling_cur_freq").stream()
            .mapToLong(Long::longValue).max().orElse(0);
        return kilohertz > 0
            ? kilohertz / 1000
            : Arrays.stream(hardware.getProcessor().getCurrentFreq()).max().orElse(0) / 1_000_000;
    }

    private double celsius() {
        long milli = Stream.of(numbers("sys/class/thermal", "thermal_zone*", "temp"),
            numbers("sys/class/hwmon", "hwmon*", "temp1_input"))
            .flatMap(List::stream).mapToLong(Long::longValue).max().orElse(0);
        double told = milli > 0 ? milli / 1000.0 : hardware.getSensors().getCpuTemperature();
        return Double.isNaN(told) ? 0 : told;
    }

    private List<Long> numbers(String folder, String pattern, String file) {
        List<Long> numbers = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(root.resolve(folder), pattern)) {
            for (Path found : folders) {
                firstLine(root.relativize(found.resolve(file)).toString()).ifPresent(line -> numbers.add(number(line)));
            }
        } catch (IOException e) {
            return List.of(); // not Linux, or a virtual machine without it
        }
        return numbers;
    }

    private Optional<String> firstLine(String file) {
        try (var lines = Files.lines(root.resolve(file))) {
            return lines.findFirst().map(String::strip);
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // sensors may exist and yet refuse to be read
        }
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}

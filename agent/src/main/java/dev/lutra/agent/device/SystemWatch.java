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
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import oshi.SystemInfo;
import oshi.hardware.HardwareAbstractionLayer;

/** What the operating system tells about the machine's state; what it does not tell is left out. */
public final class SystemWatch {

    /**
     * What has come together since the system started.
     *
     * @param total CPU time, in ticks of all cores
     * @param stolen of it by the hypervisor
     * @param throttled how often a core was slowed for its temperature, or this container for its CPU quota
     */
    public record Counts(long total, long stolen, long throttled) {}

    private static final String THROTTLED = "nr_throttled";
    private static final Pattern PMODE = Pattern.compile("pmode:(\\d{1,4})");
    private static final Pattern POWER_MODEL = Pattern.compile("<\\s*POWER_MODEL\\s+ID=(\\d{1,4})\\s+NAME=(\\w{1,60})\\s*>");
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

    public Counts counts() {
        long[] ticks = firstLine("proc/stat").filter(line -> line.startsWith("cpu ")).stream()
            .flatMap(line -> Arrays.stream(line.substring("cpu ".length()).strip().split(" +")))
            .limit(CPU_FIELDS).mapToLong(SystemWatch::number).toArray();
        return new Counts(Arrays.stream(ticks).sum(), ticks.length > STEAL_FIELD ? ticks[STEAL_FIELD] : 0, throttled());
    }

    /** The state now; shares and counts are those since an earlier moment. */
    public SystemState state(Counts since) {
        SystemState.Builder state = SystemState.newBuilder();
        firstLine("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ifPresent(state::setGovernor);
        state.setMhz((int) megahertz());
        state.setCelsius(celsius());
        state.setLoadAverage(Math.max(0, ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        Counts now = counts();
        if (now.total() > since.total()) {
            state.setStealShare((now.stolen() - since.stolen()) / (double) (now.total() - since.total()));
        }
        state.setThrottled(Math.max(0, now.throttled() - since.throttled())).setCooled(isCooled());
        return state.setPowerMode(powerMode()).build();
    }

    /** Of Intel's processors, each core's; of the container, periods in which its quota was used up (cgroups(7), {@code cpu.stat}). */
    private long throttled() {
        long ofCores = numbers("sys/devices/system/cpu", "cpu[0-9]*", "thermal_throttle/core_throttle_count").stream().mapToLong(Long::longValue)
            .sum();
        return ofCores + Stream.of("sys/fs/cgroup/cpu.stat", "sys/fs/cgroup/cpu/cpu.stat").flatMap(this::lines)
            .filter(line -> line.startsWith(THROTTLED)).mapToLong(line -> number(line.substring(THROTTLED.length()).strip())).sum();
    }

    /** Boards slow their processors by cooling devices; a fan is one, too, and slows nothing. */
    private boolean isCooled() {
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(root.resolve("sys/class/thermal"), "cooling_device*")) {
            for (Path device : devices) {
                String file = root.relativize(device).toString();
                boolean slows = firstLine(file + "/type").map(type -> type.toLowerCase(Locale.ROOT)).filter(type -> type.contains("cpu")
                    || type.contains("processor") || type.contains("gpu")).isPresent();
                if (slows && firstLine(file + "/cur_state").map(SystemWatch::number).filter(state -> state > 0).isPresent()) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // not Linux, or a virtual machine without it
        }
    }

    /** Of NVIDIA's Jetsons, by what nvpmodel leaves: {@code pmode:0002} and the names in its configuration. Empty: there is none. */
    public String powerMode() {
        return lines("var/lib/nvpmodel/status").flatMap(line -> PMODE.matcher(line).results()).map(found -> Integer.parseInt(found.group(1)))
            .findFirst()
            .map(mode -> lines("etc/nvpmodel.conf").flatMap(line -> POWER_MODEL.matcher(line).results())
                .filter(found -> Integer.parseInt(found.group(1)) == mode).map(found -> found.group(2)).findFirst().orElse(Integer.toString(mode)))
            .orElse("");
    }

    /**
     * The CPU time a second that this container may take, in cores; 0 where there is no limit, or no system that tells
     * ({@code cpu.max} of cgroups v2, {@code cpu.cfs_quota_us} of v1).
     */
    public double cpuQuota() {
        Optional<String> second = firstLine("sys/fs/cgroup/cpu.max");
        String[] fields = second
            .or(() -> firstLine("sys/fs/cgroup/cpu/cpu.cfs_quota_us").flatMap(quota -> firstLine("sys/fs/cgroup/cpu/cpu.cfs_period_us")
                .map(period -> quota + " " + period)))
            .orElse("").split(" ");
        boolean isLimited = fields.length == 2 && number(fields[0]) > 0 && number(fields[1]) > 0;
        return isLimited ? (double) number(fields[0]) / number(fields[1]) : 0;
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

    private Stream<String> lines(String file) {
        try {
            return Files.readAllLines(root.resolve(file)).stream();
        } catch (IOException | RuntimeException e) {
            return Stream.empty();
        }
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

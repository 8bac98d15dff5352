package dev.lutra.agent.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.proto.SystemState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemWatchTest {

    @TempDir
    private Path root;

    private void write(String file, String content) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }

    @Test
    void readsWhatLinuxTells() throws Exception {
        write("proc/stat", "cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
        write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
        write("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1400000\n");
        write("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "2900000\n");
        write("sys/class/thermal/thermal_zone0/temp", "41500\n");
        write("sys/class/thermal/thermal_zone1/temp", "67000\n");
        SystemWatch watch = new SystemWatch(root);
        SystemWatch.Counts since = watch.counts();
        write("proc/stat", "cpu  160 0 100 700 0 0 0 140 50 0\n");

        SystemState state = watch.state(since);

        assertThat(since).isEqualTo(new SystemWatch.Counts(1000, 100, 0));
        assertThat(state.getGovernor()).isEqualTo("powersave");
        assertThat(state.getMhz()).isEqualTo(2900);
        assertThat(state.getCelsius()).isEqualTo(67);
        assertThat(state.getStealShare()).isCloseTo(0.4, within(1e-9));
        assertThat(state.getLoadAverage()).isNotNegative();
    }

    /** Trees of files such as a Jetson, a laptop and a container show; none of them was measured on here. */
    @Test
    void readsWhatSlowsABoardDown() throws Exception {
        write("var/lib/nvpmodel/status", "pmode:0002 fmode:quiet\n");
        write("etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=2 NAME=MODE_15W >\nCPU_ONLINE CORE_0 1\n");
        write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
        write("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
        write("sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 100\nnr_throttled 20\nthrottled_usec 7\n");
        write("sys/class/thermal/cooling_device0/type", "pwm-fan\n");
        write("sys/class/thermal/cooling_device0/cur_state", "3\n");
        write("sys/class/thermal/cooling_device1/type", "thermal-cpufreq-0\n");
        write("sys/class/thermal/cooling_device1/cur_state", "0\n");
        SystemWatch watch = new SystemWatch(root);
        SystemWatch.Counts since = watch.counts();
        assertThat(since.throttled()).isEqualTo(27);
        assertThat(watch.state(since).getThrottled()).isZero();
        assertThat(watch.state(since).getCooled()).as("a fan slows nothing").isFalse();
        assertThat(watch.state(since).getPowerMode()).isEqualTo("MODE_15W");

        write("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "6\n");
        write("sys/fs/cgroup/cpu.stat", "nr_throttled 21\n");
        write("sys/class/thermal/cooling_device1/cur_state", "1\n");
        write("etc/nvpmodel.conf", "");
        assertThat(watch.state(since).getThrottled()).isEqualTo(3);
        assertThat(watch.state(since).getCooled()).isTrue();
        assertThat(watch.state(since).getPowerMode()).as("a mode without a name").isEqualTo("2");
    }

    @Test
    void readsWhatAContainerMayTake() throws Exception {
        assertThat(new SystemWatch(root).cpuQuota()).isZero();
        write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
        write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
        assertThat(new SystemWatch(root).cpuQuota()).isEqualTo(0.5);
        write("sys/fs/cgroup/cpu.max", "max 100000\n");
        assertThat(new SystemWatch(root).cpuQuota()).isZero();
        write("sys/fs/cgroup/cpu.max", "150000 100000\n");
        assertThat(new SystemWatch(root).cpuQuota()).isEqualTo(1.5);
    }

    @Test
    void leavesOutWhatIsNotTold() {
        SystemWatch watch = new SystemWatch(root);

        SystemState state = watch.state(watch.counts());

        assertThat(state.getGovernor()).isEmpty();
        assertThat(state.getStealShare()).isZero();
        assertThat(state.getCelsius()).isNotNegative();
    }
}

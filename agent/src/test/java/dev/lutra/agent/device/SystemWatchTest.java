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
        SystemWatch.CpuTime since = watch.cpuTime();
        write("proc/stat", "cpu  160 0 100 700 0 0 0 140 50 0\n");

        SystemState state = watch.state(since);

        assertThat(since).isEqualTo(new SystemWatch.CpuTime(1000, 100));
        assertThat(state.getGovernor()).isEqualTo("powersave");
        assertThat(state.getMhz()).isEqualTo(2900);
        assertThat(state.getCelsius()).isEqualTo(67);
        assertThat(state.getStealShare()).isCloseTo(0.4, within(1e-9));
        assertThat(state.getLoadAverage()).isNotNegative();
    }

    @Test
    void leavesOutWhatIsNotTold() {
        SystemWatch watch = new SystemWatch(root);

        SystemState state = watch.state(watch.cpuTime());

        assertThat(state.getGovernor()).isEmpty();
        assertThat(state.getStealShare()).isZero();
        assertThat(state.getCelsius()).isNotNegative();
    }
}

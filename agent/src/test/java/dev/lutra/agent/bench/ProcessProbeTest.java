package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.statistics.Level;
import dev.lutra.proto.Slice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On files such as Linux shows them. */
class ProcessProbeTest {

    @TempDir
    private Path folder;
    private Path online;
    private ProcessProbe probe;

    @BeforeEach
    void aMachineOfSixCores() throws IOException {
        online = Files.writeString(folder.resolve("online"), "0-3,6-7\n");
        probe = new ProcessProbe(folder, online);
    }

    private void thread(int id, String schedstat) throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("self/task/" + id)).resolve("schedstat"), schedstat);
    }

    private void allowed(String cores) throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("self")).resolve("status"),
            "Name:\tjava\nCpus_allowed:\t000000ff\nCpus_allowed_list:\t" + cores + "\nMems_allowed:\t1\n");
    }

    @Test
    void theThreadThatWaitedLongestCountsNewOnesIncluded() throws IOException {
        thread(10, "500000 1000 7\n");
        thread(11, "900000 20000 70\n");
        Map<String, Long> before = probe.runDelays();
        thread(10, "800000 1500 9\n");
        thread(11, "900000 20000 70\n");
        thread(12, "100 30 1\n");

        assertThat(before).isEqualTo(Map.of("10", 1000L, "11", 20000L));
        assertThat(probe.runDelaySince(before)).isEqualTo(500);
        thread(12, "100 900 1\n");
        assertThat(probe.runDelaySince(before)).isEqualTo(900);
    }

    /** Eight threads that each waited for 1.3 % of the time delayed a model by that, not by a tenth. */
    @Test
    void delaysOfThreadsThatWaitForEachOtherDoNotAddUp() throws IOException {
        for (int id = 10; id < 18; id++) {
            thread(id, "500000 0 7\n");
        }
        Map<String, Long> before = probe.runDelays();
        for (int id = 10; id < 18; id++) {
            thread(id, "900000 13000 70\n");
        }
        Slice slice = Slice.newBuilder().setSamplingNanos(1_000_000).setRunDelayNanos(probe.runDelaySince(before)).build();
        assertThat(Level.delayed(slice)).isEqualTo(0.013).isLessThan(Defaults.DELAYED);
    }

    @Test
    void delaysOfThreadsThatWereThereBeforeTheOneThatAsksDoNotCount() throws IOException {
        thread(10, "500000 1000 7\n");
        thread(11, "900000 20000 70\n");
        Files.createSymbolicLink(folder.resolve("thread-self"), Path.of("9/task/10"));
        probe = new ProcessProbe(folder, online);
        thread(12, "100 30 1\n");

        assertThat(probe.runDelays()).isEqualTo(Map.of("10", 1000L, "12", 30L));
    }

    @Test
    void delaysThatTheSystemDoesNotTellAreMinusOne() throws IOException {
        assertThat(probe.runDelaySince(probe.runDelays())).isEqualTo(-1);
        Files.createDirectories(folder.resolve("self/task/10"));
        assertThat(probe.runDelaySince(probe.runDelays())).isEqualTo(-1);
    }

    @Test
    void pinnedMeansConfinedToSomeOfTheCoresThatAreOnline() throws IOException {
        allowed("0-127");
        assertThat(probe.pinnedCores()).isEmpty();
        allowed("0-3,6-7");
        assertThat(probe.pinnedCores()).isEmpty();
        allowed("2-4,7");
        assertThat(probe.pinnedCores()).containsExactly(2, 3, 7);
    }

    @Test
    void aSystemWithoutSuchFilesPinsNothing() throws IOException {
        Files.delete(online);
        assertThat(probe.pinnedCores()).isEmpty();
    }

    @Test
    void memoryIsWhatTheSystemSays() throws IOException {
        Files.writeString(Files.createDirectories(folder.resolve("self")).resolve("status"),
            "Name:\tjava\nVmPeak:\t  900000 kB\nVmHWM:\t   64000 kB\nVmRSS:\t   51200 kB\n");
        Files.createFile(folder.resolve("self/clear_refs"));
        assertThat(probe.residentBytes()).hasValue(51_200L * 1024);
        assertThat(probe.peakBytes()).isEqualTo(64_000L * 1024);
        assertThat(probe.forgetPeak()).isTrue();
        assertThat(folder.resolve("self/clear_refs")).hasContent("5");
    }

    @Test
    void memoryThatTheSystemDoesNotSayIsNotMadeUp() throws IOException {
        assertThat(probe.residentBytes()).isEmpty();
        assertThat(probe.peakBytes()).isZero();
        assertThat(probe.forgetPeak()).isFalse();
        Files.writeString(Files.createDirectories(folder.resolve("self")).resolve("status"), "VmRSS:\t many kB\n");
        assertThat(probe.residentBytes()).isEmpty();
    }
}

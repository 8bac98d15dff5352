package dev.lutra.agent.rounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.bench.WrappedBench;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More threads than there are cores, in real processes: threads that wait for each other are no interference. */
@Tag("slow")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyThreadsTest {

    private static final int THREADS = 4 * Runtime.getRuntime().availableProcessors();
    private static final MeasureRules RULES = MeasureRules.newBuilder().setMinWarmupRuns(3).setMinWarmupNanos(30_000_000)
        .setMaxWarmupNanos(200_000_000).setMinSamples(15).setSliceNanos(60_000_000).setMaxMeasureNanos(4_000_000_000L)
        .setTargetRelativeHalfWidth(0.05).setMinRounds(4).build();

    @TempDir
    private Path state;

    /** Real slices, of which those of the task are kept. */
    private static final class Watched extends WrappedBench {

        private final List<Slice> slices = new ArrayList<>();

        Watched() {
            super(new ProcessBench(List.of()));
        }

        @Override
        public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException {
            Slice slice = super.slice(task, onnx, keepOpen, abandoned);
            if (task.getId().equals("many")) {
                slices.add(slice);
            }
            return slice;
        }
    }

    @Test
    void areMeasuredWithoutWaitingForCalmThatTheyDisturbThemselves() throws Exception {
        List<Measured> measured = new ArrayList<>();
        try (Watched bench = new Watched()) {
            Rounds rounds = new Rounds(bench, new ReferenceLevels(state), System::nanoTime, TimeUnit.NANOSECONDS::sleep, Clock.systemUTC(),
                new Random(1), new SystemWatch(), "test");
            Task conditions = Task.newBuilder().setProvider("cpu").setThreads(THREADS).build();
            Task task = SentinelModel.MEMORY.task(conditions).toBuilder().setId("many").setRules(RULES).build();
            rounds.admit(new Job(LeaseName.newBuilder().setTaskId("many").build(), task, SentinelModel.MEMORY.onnx(), () -> false), 0);
            while (rounds.size() > 0) {
                rounds.round((job, outcome) -> measured.add(outcome.orElseThrow().getMeasured()));
            }
            assertThat(bench.slices).as("nothing that a slice is thrown away for").allMatch(slice -> slice.getRunDelayNanos() == -1);
            Slice last = bench.slices.get(bench.slices.size() - 1);
            long spent = bench.slices.stream().mapToLong(ManyThreadsTest::nanos).sum();
            assertThat(spent - nanos(last)).as("before the last one began").isLessThan(RULES.getMaxMeasureNanos());
            Circumstances circumstances = measured.get(0).getCircumstances();
            assertThat(circumstances.getRounds()).isPositive();
            assertThat(circumstances.getConverged() || spent >= RULES.getMaxMeasureNanos()).as("converged, or its time was up").isTrue();
            assertThat(measured.get(0).getLatency().getRelativeHalfWidth() <= RULES.getTargetRelativeHalfWidth() || !circumstances.getConverged())
                .as("an interval that is as narrow as it says").isTrue();
        }
    }

    private static long nanos(Slice slice) {
        return slice.getWarmupNanos() + slice.getSamplingNanos();
    }
}

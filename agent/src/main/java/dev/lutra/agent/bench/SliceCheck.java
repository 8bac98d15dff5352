package dev.lutra.agent.bench;

import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import dev.lutra.proto.Task;
import java.util.Map;
import java.util.Optional;

/** Whether what a measuring process says can be a slice: a model may have taken it over, and the agent reckons with its figures. */
final class SliceCheck {

    private SliceCheck() {}

    /**
     * What is wrong with a reply, and what was expected; empty if nothing is.
     *
     * @param mostNanos that anything in it may have taken
     */
    static Optional<String> problem(SliceReply reply, Task task, long mostNanos) {
        if (!reply.hasSlice()) {
            return Optional.of("no slice (expected: one)");
        }
        Slice slice = reply.getSlice();
        if (task.hasRules() != slice.getSamplesNanosCount() > 0) {
            return Optional.of(slice.getSamplesNanosCount() + " samples (expected: "
                + (task.hasRules() ? "at least one, by its rules)" : "none, for the task has no rules)"));
        }
        Map<String, Long> times = Map.of("warmup_nanos", slice.getWarmupNanos(), "session_nanos", slice.getSessionNanos(),
            "sampling_nanos", slice.getSamplingNanos(), "clock_overhead_nanos", slice.getClockOverheadNanos(),
            "warmup_runs", slice.getWarmupRuns());
        return times.entrySet().stream().flatMap(time -> outside(time.getKey(), time.getValue(), 0, mostNanos).stream()).findFirst()
            .or(() -> slice.getSamplesNanosList().stream().flatMap(sample -> outside("samples_nanos", sample, 0, mostNanos).stream()).findFirst())
            .or(() -> slice.getSamplesNanosList().stream().allMatch(sample -> sample == 0) && task.hasRules()
                ? Optional.of("samples_nanos: 0 throughout (expected: times)")
                : Optional.empty());
    }

    private static Optional<String> outside(String name, long value, long least, long most) {
        return value >= least && value <= most ? Optional.empty() : Optional.of(name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
}

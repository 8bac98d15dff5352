package dev.lutra.proto.border;

import dev.lutra.proto.Load;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Range;
import dev.lutra.proto.Task;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a task may ask for. The range of a single number stands beside its field in the protocol; here is what several numbers say
 * together, and that no option of a provider names a file of the device.
 */
public final class TaskLimits {

    /** Most requests of a load, and runs that a slice keeps. */
    public static final int MOST_SAMPLES = 1 << 20;
    /** Values of an input: 1 GiB as float32. */
    public static final long MOST_VALUES = 1L << 28;
    /** Bytes of all outputs of a task together: they travel in one message. */
    public static final int MOST_OUTPUT_BYTES = 60 << 20;

    private static final double NANOS = 1e9;
    private static final double ROUNDING = 1e-9;
    /** Options whose value is, or becomes part of, the name of a file or library. */
    private static final Pattern OPTION_OF_FILES = Pattern.compile("(?i).*(path|dir|directory|folder|lib|packages|prefix|table_name)s?");
    private static final Pattern ELSEWHERE = Pattern.compile("(?s).*[/\\\\].*");

    private TaskLimits() {}

    /** Why a task is not taken, in one line that names field, value and range; empty if it may be. */
    public static Optional<String> problem(Task task) {
        return Stream.<Supplier<Optional<String>>>of(
            () -> FieldRanges.problem(task, ""),
            () -> task.getInputsList().stream().flatMap(input -> problem(input).stream()).findFirst(),
            () -> problem(task.getRules()),
            () -> task.hasLoad() ? problem(task.getLoad()) : Optional.empty(),
            () -> problem(task.getProviderOptionsMap())).flatMap(check -> check.get().stream()).findFirst();
    }

    /** The ranges of a task's fields, by their paths such as {@code rules.min_samples}. */
    public static Map<String, Range> ranges() {
        return FieldRanges.all(Task.getDescriptor(), "");
    }

    private static Optional<String> problem(ModelInput input) {
        // No overflow: each factor is in its range, and it ends where the limit is passed.
        long values = 1;
        for (long extent : input.getShapeList()) {
            values *= extent;
            if (values > MOST_VALUES) {
                return Optional.of("input " + input.getName() + ": shape " + input.getShapeList() + " (expected: at most " + MOST_VALUES
                    + " values)");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(MeasureRules rules) {
        if (rules.getMinWarmupNanos() > rules.getMaxWarmupNanos()) {
            return Optional.of("rules.min_warmup_nanos: " + rules.getMinWarmupNanos() + " (expected: at most max_warmup_nanos, "
                + rules.getMaxWarmupNanos() + ")");
        }
        if (rules.getSliceNanos() > rules.getMaxMeasureNanos()) {
            return Optional.of("rules.slice_nanos: " + rules.getSliceNanos() + " (expected: at most max_measure_nanos, "
                + rules.getMaxMeasureNanos() + ")");
        }
        return Optional.empty();
    }

    private static Optional<String> problem(Load load) {
        double seconds = load.getDurationNanos() / NANOS;
        double requests = load.getRequestsPerSecond() * seconds;
        return requests + ROUNDING >= 1 && requests <= MOST_SAMPLES
            ? Optional.empty()
            : Optional.of("load: " + load.getRequestsPerSecond() + "/s for " + seconds + " s (expected: 1 to " + MOST_SAMPLES + " requests)");
    }

    private static Optional<String> problem(Map<String, String> options) {
        return options.entrySet().stream()
            .filter(option -> OPTION_OF_FILES.matcher(option.getKey()).matches() && ELSEWHERE.matcher(option.getValue()).matches())
            .map(option -> "provider_options." + option.getKey() + ": " + option.getValue()
                + " (expected: a name without / and \\: a task names no file of the device)")
            .findFirst();
    }
}

package dev.lutra.latency;

import dev.lutra.identity.NamedValues;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Entry;
import dev.lutra.proto.MeasureRules;
import java.util.List;
import java.util.stream.Collectors;

/** Rules of measuring as named values, in the words of the experiment file where it has them. */
public final class MeasuringRules {

    private static final double NANOS_A_MILLI = 1e6;

    private MeasuringRules() {}

    /** What a figure follows from besides model, device and runtime. */
    public static NamedValues values(MeasureRules rules) {
        return NamedValues.builder()
            .put("profile.half-width", rules.getTargetRelativeHalfWidth())
            .put("profile.rounds", rules.getMinRounds())
            .put("profile.slice", millis(rules.getSliceNanos()))
            .put("profile.time-limit", millis(rules.getMaxMeasureNanos()))
            .put("profile.samples", rules.getMinSamples())
            .put("profile.warm-up.runs", rules.getMinWarmupRuns())
            .put("profile.warm-up.least", millis(rules.getMinWarmupNanos()))
            .put("profile.warm-up.most", millis(rules.getMaxWarmupNanos()))
            .build();
    }

    /** By which rules a table's entries were measured: each set of them once, in the words of the experiment file. */
    public static List<String> of(LookupTable table) {
        return table.entries().stream().map(Entry::getCircumstances).filter(Circumstances::hasRules)
            .map(circumstances -> described(circumstances.getRules())).distinct().toList();
    }

    private static String described(MeasureRules rules) {
        return values(rules).shown().entrySet().stream().map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    }

    private static String millis(long nanos) {
        return NamedValues.text(nanos / NANOS_A_MILLI) + " ms";
    }
}

package dev.lutra.latency;

import dev.lutra.proto.Entry;
import dev.lutra.proto.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a table's device multiplied in the segments that are to multiply integers. A runtime without such kernels computes the same in real
 * numbers, and slower than without any rounding.
 *
 * @param segments that are to
 * @param untold how many of them have layers of which the runtime does not tell
 * @param real layers that multiplied real numbers, by their names in the segment that was measured
 */
public record IntegerKernels(int segments, int untold, List<String> real) {

    private static final int NAMED = 5;

    public IntegerKernels {
        real = List.copyOf(real);
    }

    /** Empty where nothing of a table is to multiply integers. */
    public static Optional<IntegerKernels> of(LookupTable table) {
        int segments = 0;
        int untold = 0;
        List<String> real = new ArrayList<>();
        for (Entry entry : table.entries()) {
            Kernels kernels = entry.getCircumstances().getKernels();
            boolean told = entry.getCircumstances().hasKernels();
            if (told || quantizes(entry)) {
                segments++;
                untold += !told || kernels.getUntold() > 0 ? 1 : 0;
                real.addAll(kernels.getRealList());
            }
        }
        return segments == 0 ? Optional.empty() : Optional.of(new IntegerKernels(segments, untold, real));
    }

    private static boolean quantizes(Entry entry) {
        return entry.getSignature().contains("quantize ") && entry.getSignature().contains(" bits ");
    }

    /** Whether all layers that are to multiply integers are known to do so. */
    public boolean areAll() {
        return real.isEmpty() && untold == 0;
    }

    /** In one sentence. */
    public String described() {
        String to = segments + " segments are to multiply integers: ";
        if (areAll()) {
            return to + "all their layers do";
        }
        List<String> parts = new ArrayList<>();
        if (!real.isEmpty()) {
            parts.add(real.size() + " of their layers multiply real numbers all the same, "
                + String.join(", ", real.subList(0, Math.min(NAMED, real.size())))
                + (real.size() > NAMED ? " and more" : ""));
        }
        if (untold > 0) {
            parts.add("of " + untold + " the runtime does not tell how it does");
        }
        return to + String.join("; ", parts);
    }
}

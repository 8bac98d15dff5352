package dev.lutra.supernet.superkernel;

import java.util.Collections;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What superkernels had decided in a step.
 *
 * @param architecture that the decisions stand for
 * @param lambda weight of the run-time loss
 * @param nanos by device, latencies as the run-time loss has them
 */
public record Decisions(String architecture, double lambda, SortedMap<String, Double> nanos) {

    private static final double NANOS_A_MILLI = 1e6;

    public Decisions {
        nanos = Collections.unmodifiableSortedMap(new TreeMap<>(nanos));
    }

    /** For a console, after other figures. */
    public String described() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, ", lambda %.3g", lambda));
        nanos.forEach((device, latency) -> text.append(String.format(Locale.ROOT, ", %.3f ms on %s", latency / NANOS_A_MILLI, device)));
        return text.toString();
    }
}

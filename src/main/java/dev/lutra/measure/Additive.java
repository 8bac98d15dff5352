package dev.lutra.measure;

/** How a measure follows from sums over the segments of a network. */
public sealed interface Additive {

    /** So much for every multiply-accumulate and every parameter. */
    record Counts(double aMac, double aParameter) implements Additive {}

    /** BitOps. */
    record BitOps() implements Additive {}

    /** Bytes of the parameters. */
    record Bytes() implements Additive {}

    /** The latency on a device. */
    record Latency() implements Additive {}

    /** The energy of a call on a device. */
    record Energy() implements Additive {}

    /** The p99 that follows from the latency on a device. */
    record TailLatency() implements Additive {}
}

package dev.lutra.measure;

import dev.lutra.latency.LatencyModel;
import java.util.Optional;

/** What the name of a measure stands for. A new kind is a new class and one line in {@link MeasureKinds}. */
public interface MeasureKind {

    Unit unit();

    /** The measure of an architecture, in its unit. */
    double of(Facts facts);

    /** How it follows from sums over segments; empty where it does not, or is not known to. */
    default Optional<Additive> additive() {
        return Optional.empty();
    }

    /** Whether a search that is not told otherwise wants much of it. */
    default boolean moreIsBetter() {
        return false;
    }

    /** Whether it can be told only when the accuracy is known, so that no constraint can be on it. */
    default boolean needsAccuracy() {
        return false;
    }

    /** Whether every device has its own, which is then called {@code NAME:<device>}. */
    default boolean isOnDevice() {
        return false;
    }

    /** Whether it is made of what all devices have of it together, so that without any there is none. */
    default boolean isOverDevices() {
        return false;
    }

    /** Whether a device's lookup table tells it; asked only of kinds that every device has its own of. */
    default boolean isToldBy(LatencyModel device) {
        return true;
    }
}

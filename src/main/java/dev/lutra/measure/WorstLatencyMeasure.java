package dev.lutra.measure;

import dev.lutra.InputException;

/** The median latency on the device that takes longest, as the lookup tables of all targets predict it. */
final class WorstLatencyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.NANOSECONDS;
    }

    @Override
    public double of(Facts facts) {
        return facts.worstNanos().orElseThrow(() -> new InputException("worst-latency: of no device (expected: with targets)"));
    }

    @Override
    public boolean isOverDevices() {
        return true;
    }
}

package dev.lutra.measure;

import dev.lutra.InputException;

/** Median latency on a device, as its lookup table predicts it. */
final class LatencyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.NANOSECONDS;
    }

    @Override
    public double of(Facts facts) {
        return facts.prediction().orElseThrow(() -> new InputException("latency: of no device (expected: latency:<device>)")).nanos();
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }
}

package dev.lutra.measure;

import dev.lutra.InputException;
import java.util.Optional;

/** Median latency on a device, as its lookup table predicts it. */
final class LatencyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.NANOSECONDS;
    }

    @Override
    public double of(Facts facts) {
        return facts.nanos().orElseThrow(() -> new InputException("latency: of no device (expected: latency:<device>)"));
    }

    @Override
    public Optional<Additive> additive() {
        return Optional.of(new Additive.Latency());
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }
}

package dev.lutra.measure;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import java.util.Optional;

/** The latency on a device that one call in a hundred exceeds, as its lookup table predicts it. */
final class TailLatencyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.NANOSECONDS;
    }

    @Override
    public double of(Facts facts) {
        return facts.p99Nanos().orElseThrow(() -> new InputException("p99: of no device (expected: p99:<device>)"));
    }

    @Override
    public Optional<Additive> additive() {
        return Optional.of(new Additive.TailLatency());
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }

    @Override
    public boolean isToldBy(LatencyModel device) {
        return device.predictsP99();
    }
}

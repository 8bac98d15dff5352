package dev.lutra.measure;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;

/** The peak memory on a device, as its lookup table predicts it. Peaks of segments do not add up. */
final class MemoryMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.BYTES;
    }

    @Override
    public double of(Facts facts) {
        return facts.memoryBytes().orElseThrow(() -> new InputException("memory: of no device (expected: memory:<device>)"));
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }

    @Override
    public boolean isToldBy(LatencyModel device) {
        return device.memory().isPresent();
    }
}

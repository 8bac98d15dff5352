package dev.lutra.measure;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import java.util.Optional;

/** The energy of one call on a device above what it takes when it is idle, as its lookup table predicts it. */
final class EnergyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.NANOJOULES;
    }

    @Override
    public double of(Facts facts) {
        return facts.nanojoules().orElseThrow(() -> new InputException("energy: of no device (expected: energy:<device>)"));
    }

    @Override
    public Optional<Additive> additive() {
        return Optional.of(new Additive.Energy());
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }

    @Override
    public boolean isToldBy(LatencyModel device) {
        return device.energy().isPresent();
    }
}

package dev.lutra.server.examples;

import dev.lutra.measure.Facts;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.Unit;
import dev.lutra.yaml.LayeredSettings;

/** Multiply-accumulates times the bits of both factors, as networks of few bits are compared. */
record BitOperations(int bits) implements MeasureKind {

    static BitOperations of(LayeredSettings settings) {
        return new BitOperations(settings.integer("bits", 1, 32));
    }

    @Override
    public Unit unit() {
        return Unit.COUNT;
    }

    @Override
    public double of(Facts facts) {
        return (double) facts.cost().macs() * bits * bits;
    }
}

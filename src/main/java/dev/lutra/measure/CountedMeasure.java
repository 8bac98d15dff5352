package dev.lutra.measure;

import dev.lutra.cost.Cost;
import java.util.function.ToLongFunction;

/** What is counted on the network. */
record CountedMeasure(ToLongFunction<Cost> count) implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.COUNT;
    }

    @Override
    public double of(Facts facts) {
        return count.applyAsLong(facts.cost());
    }
}

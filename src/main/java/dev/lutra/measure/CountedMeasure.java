package dev.lutra.measure;

import dev.lutra.cost.Cost;
import java.util.Optional;

/** What is counted on the network. */
enum CountedMeasure implements MeasureKind {

    MACS(new Additive.Counts(1, 0)) {
        @Override
        double of(Cost cost) {
            return cost.macs();
        }
    },

    PARAMS(new Additive.Counts(0, 1)) {
        @Override
        double of(Cost cost) {
            return cost.params();
        }
    };

    private final Additive.Counts counts;

    CountedMeasure(Additive.Counts counts) {
        this.counts = counts;
    }

    abstract double of(Cost cost);

    @Override
    public Unit unit() {
        return Unit.COUNT;
    }

    @Override
    public double of(Facts facts) {
        return of(facts.cost());
    }

    @Override
    public Optional<Additive> additive() {
        return Optional.of(counts);
    }
}

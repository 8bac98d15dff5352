package dev.lutra.measure;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.ModelSize;
import dev.lutra.network.Network;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** What bits make cheaper on any device. */
enum BitsMeasure implements MeasureKind {

    /** As SPOS counts them, undivided. */
    BITOPS(new Additive.BitOps(), network -> CountingRule.BITOPS.count(network).macs()),

    /** Bytes of the parameters, of which none is stored in less than one. */
    SIZE(new Additive.Bytes(), network -> ModelSize.of(network).bytes());

    private final Additive sum;
    private final ToLongFunction<Network> count;

    BitsMeasure(Additive sum, ToLongFunction<Network> count) {
        this.sum = sum;
        this.count = count;
    }

    @Override
    public Unit unit() {
        return Unit.COUNT;
    }

    @Override
    public double of(Facts facts) {
        return count.applyAsLong(facts.network());
    }

    @Override
    public Optional<Additive> additive() {
        return Optional.of(sum);
    }
}

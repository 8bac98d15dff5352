package dev.lutra.measure;

import dev.lutra.yaml.LayeredSettings;

/**
 * Accuracy less the {@linkplain ScoreMeasure normalised score}, as OneShot-S+'s search balances them.
 *
 * @param ratio weight of the score; 1 in the published search
 */
record BalancedMeasure(ScoreMeasure.Reference reference, double ratio) implements MeasureKind {

    static BalancedMeasure of(LayeredSettings settings) {
        return new BalancedMeasure(ScoreMeasure.Reference.of(settings), settings.number("ratio", 0, 1e6, 1));
    }

    @Override
    public Unit unit() {
        return Unit.RATIO;
    }

    @Override
    public double of(Facts facts) {
        return reference.score().balanced(facts.accuracy().orElseThrow(), ratio, facts.cost());
    }

    @Override
    public boolean moreIsBetter() {
        return true;
    }

    @Override
    public boolean needsAccuracy() {
        return true;
    }
}

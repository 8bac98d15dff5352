package dev.lutra.measure;

/** Share of images classified right. */
final class AccuracyMeasure implements MeasureKind {

    @Override
    public Unit unit() {
        return Unit.RATIO;
    }

    @Override
    public double of(Facts facts) {
        return facts.accuracy().orElseThrow();
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

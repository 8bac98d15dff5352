package dev.lutra.measure;

import dev.lutra.cost.NormalisedScore;
import dev.lutra.yaml.LayeredSettings;
import java.util.Optional;

/**
 * MACs and parameters, each in parts of a reference network's: the sum of the published tables, where 2 is as large as the reference,
 * or the mean that the published search calls its combined score, where 1 is (OneShot-S+).
 */
record ScoreMeasure(Reference reference, boolean mean) implements MeasureKind {

    /** Networks that others are measured by. */
    enum Reference {
        SPOS(NormalisedScore.SPOS), MOBILENET_V3_LARGE(NormalisedScore.MOBILENET_V3_LARGE), MOBILENET_V2_AT_1_4(
            NormalisedScore.MOBILENET_V2_AT_1_4), SHUFFLENET_V2_PLUS_MEDIUM(NormalisedScore.SHUFFLENET_V2_PLUS_MEDIUM);

        private final NormalisedScore score;

        Reference(NormalisedScore score) {
            this.score = score;
        }

        NormalisedScore score() {
            return score;
        }

        static Reference of(LayeredSettings settings) {
            return settings.oneOf("reference", Reference.class, SPOS);
        }
    }

    static ScoreMeasure sum(LayeredSettings settings) {
        return new ScoreMeasure(Reference.of(settings), false);
    }

    static ScoreMeasure mean(LayeredSettings settings) {
        return new ScoreMeasure(Reference.of(settings), true);
    }

    @Override
    public Unit unit() {
        return Unit.RATIO;
    }

    @Override
    public Optional<Additive> additive() {
        double share = mean ? 0.5 : 1;
        return Optional.of(new Additive.Counts(share / reference.score().referenceMacs(), share / reference.score().referenceParams()));
    }

    @Override
    public double of(Facts facts) {
        return mean ? reference.score().mean(facts.cost()) : reference.score().sum(facts.cost());
    }
}

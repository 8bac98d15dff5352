package dev.lutra.cost;

/**
 * Size of a network against a reference, as OneShot-S+ was searched and compared: MACs and parameters, each in parts of
 * the reference. Lower is better.
 *
 * @param referenceMacs MACs of the reference
 * @param referenceParams parameters of the reference
 */
public record NormalisedScore(double referenceMacs, double referenceParams) {

    /** SPOS's block and channel search result, the default of the published search. */
    public static final NormalisedScore SPOS = new NormalisedScore(328e6, 3.4e6);
    public static final NormalisedScore MOBILENET_V3_LARGE = new NormalisedScore(217e6, 5.4e6);
    public static final NormalisedScore MOBILENET_V2_AT_1_4 = new NormalisedScore(585e6, 6.9e6);
    public static final NormalisedScore SHUFFLENET_V2_PLUS_MEDIUM = new NormalisedScore(222e6, 5.6e6);

    /** The sum of the published tables: 2 is as large as the reference. */
    public double sum(Cost cost) {
        return cost.macs() / referenceMacs + cost.params() / referenceParams;
    }

    /** The mean that the published search calls combined score: it keeps candidates of at most 1. */
    public double mean(Cost cost) {
        return sum(cost) / 2;
    }

    /**
     * The published search's balanced fitness: higher is better.
     *
     * @param accuracy from 0 to 1
     * @param ratio weight of the size; 1 in the published search
     */
    public double balanced(double accuracy, double ratio, Cost cost) {
        return accuracy - ratio * mean(cost);
    }
}

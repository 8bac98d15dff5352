package dev.lutra.supernet.evaluation;

import dev.lutra.InputException;

/**
 * Ends the judging of a candidate that will hardly reach a given accuracy. The first images are a fair sample of all, so what is right among
 * all of them is bounded by what is right among them (Serfling 1974, corollary 1.1: sampling without replacement), with a chance to be wrong
 * that all looks share.
 *
 * @param confidence that a candidate which is stopped would not have got there, above 0.5 to below 1
 */
public record EarlyStopping(double confidence) {

    /** After these shares of the images it is looked at: each costs half of the next. */
    private static final double[] LOOKS = {0.125, 0.25, 0.5};

    public EarlyStopping {
        if (!(confidence > 0.5 && confidence < 1)) {
            throw new InputException("evaluation.early-stopping: " + confidence + " (expected: above 0.5 to below 1)");
        }
    }

    /**
     * Whether it is time to look.
     *
     * @param before images asked before the last batch
     * @param now images asked with it
     * @param all images that there are
     */
    boolean looks(int before, int now, int all) {
        for (double share : LOOKS) {
            if (before < share * all && now >= share * all && now < all) {
                return true;
            }
        }
        return false;
    }

    /**
     * What the accuracy on all images is at most.
     *
     * @param hits among the first
     * @param all images that there are
     */
    double atMost(Hits hits, int all) {
        double unseen = 1 - (hits.images() - 1.0) / all;
        double margin = Math.sqrt(unseen * Math.log(LOOKS.length / (1 - confidence)) / (2.0 * hits.images()));
        double allOthersRight = (double) (hits.correct() + all - hits.images()) / all;
        return Math.min(hits.top1() + margin, allOthersRight);
    }
}

package dev.lutra.supernet.evaluation;

/**
 * How good a subnet is.
 *
 * @param subnet with the statistics it was evaluated with
 * @param hits what it got right
 */
public record Evaluation(Subnet subnet, Hits hits) {

    /** Share of right answers, 0 to 1. */
    public double accuracy() {
        return hits.top1();
    }
}

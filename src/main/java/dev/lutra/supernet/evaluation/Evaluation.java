package dev.lutra.supernet.evaluation;

/**
 * How good a subnet is.
 *
 * @param subnet with the statistics it was evaluated with
 * @param correct images it got right
 * @param images it was asked for
 */
public record Evaluation(Subnet subnet, int correct, int images) {

    /** Share of right answers, 0 to 1. */
    public double accuracy() {
        return (double) correct / images;
    }
}

package dev.lutra.search.algorithm;

import java.util.Random;

/** How often each option of each gene is drawn, learned from rewards (REINFORCE with a baseline, Williams 1992). */
final class Policy {

    private static final double BASELINE_DECAY = 0.9;

    private final double[][] logits;
    private final double step;
    private double baseline;
    private boolean isRewarded;

    /**
     * @param sizes options of each gene
     * @param step size of a step of learning
     */
    Policy(int[] sizes, double step) {
        this.logits = new double[sizes.length][];
        for (int gene = 0; gene < sizes.length; gene++) {
            logits[gene] = new double[sizes[gene]];
        }
        this.step = step;
    }

    /** The probabilities of a gene's options. */
    double[] probabilities(int gene) {
        double[] probabilities = new double[logits[gene].length];
        double sum = 0;
        for (int option = 0; option < probabilities.length; option++) {
            probabilities[option] = Math.exp(logits[gene][option]);
            sum += probabilities[option];
        }
        for (int option = 0; option < probabilities.length; option++) {
            probabilities[option] /= sum;
        }
        return probabilities;
    }

    /** The position of an option that is drawn. */
    int draw(int gene, Random random) {
        double[] probabilities = probabilities(gene);
        double left = random.nextDouble();
        int option = 0;
        while (option < probabilities.length - 1 && left >= probabilities[option]) {
            left -= probabilities[option++];
        }
        return option;
    }

    /**
     * Learns from what became of a choice.
     *
     * @param choices the option that was drawn for each gene; −1 where none was
     * @param reward more is better
     */
    void learn(int[] choices, double reward) {
        double advantage = isRewarded ? reward - baseline : 0;
        baseline = isRewarded ? BASELINE_DECAY * baseline + (1 - BASELINE_DECAY) * reward : reward;
        isRewarded = true;
        for (int gene = 0; gene < choices.length; gene++) {
            if (choices[gene] >= 0) {
                double[] probabilities = probabilities(gene);
                for (int option = 0; option < probabilities.length; option++) {
                    logits[gene][option] += step * advantage * ((option == choices[gene] ? 1 : 0) - probabilities[option]);
                }
            }
        }
    }
}

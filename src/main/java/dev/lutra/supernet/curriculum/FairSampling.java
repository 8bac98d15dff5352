package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.supernet.StepSeed;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Strict fairness (Chu et al. 2019, FairNAS): as many paths a step as a gene has options, the j-th of them made of the j-th of a
 * random permutation of every gene's options, so that every option is used by exactly one.
 *
 * <p>There are as many paths as the largest gene has options. A smaller gene has each of its options used as often as every other,
 * and where that does not come out even once more for some of them, which take turns from step to step: the uses of two options
 * never differ by more than one in a step, and not at all over as many steps as the gene has options.
 */
record FairSampling() implements Sampling {

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        int genes = surviving.space().genes().size();
        int count = IntStream.range(0, genes).map(gene -> surviving.of(gene).length).max().orElse(1);
        SplittableRandom random = new SplittableRandom(moment.stepSeed());
        int[][] values = new int[count][genes];
        for (int gene = 0; gene < genes; gene++) {
            int[] uses = uses(surviving.of(gene), gene, count, moment);
            shuffle(uses, random);
            for (int path = 0; path < count; path++) {
                values[path][gene] = uses[path];
            }
        }
        return Arrays.stream(values).map(surviving.space()::architecture).toList();
    }

    /** The options of a gene, as often as each is used in the step. */
    private static int[] uses(int[] options, int gene, int count, Moment moment) {
        int[] uses = new int[count];
        int even = count - count % options.length;
        for (int path = 0; path < even; path++) {
            uses[path] = options[path % options.length];
        }
        int[] turns = options.clone();
        shuffle(turns, new SplittableRandom(StepSeed.of(moment.seed(), gene, StepSeed.TURNS)));
        for (int path = even; path < count; path++) {
            long turn = moment.step() * (count - even) + path - even;
            uses[path] = turns[(int) (turn % turns.length)];
        }
        return uses;
    }

    /** In place (Fisher and Yates). */
    private static void shuffle(int[] values, SplittableRandom random) {
        for (int i = values.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int value = values[i];
            values[i] = values[other];
            values[other] = value;
        }
    }

    @Override
    public boolean trainsSeveral() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "fair");
    }
}

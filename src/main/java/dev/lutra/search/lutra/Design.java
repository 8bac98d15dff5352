package dev.lutra.search.lutra;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * Which architectures to evaluate before anything is known: the cheapest by each cost, which are on the front whatever their
 * accuracy, then evenly over the range of costs, each as different from the others as may be.
 */
final class Design {

    private static final int TRIALS = 400;
    private static final double OFF_WEIGHT = 10; // a tenth of the range of costs off is as bad as no gene that differs

    private final List<Prospect> choice;
    private final int dimensions;
    private final Random random;

    Design(List<Prospect> choice, int dimensions, Random random) {
        this.choice = choice;
        this.dimensions = dimensions;
        this.random = random;
    }

    List<Prospect> of(int size) {
        List<Prospect> taken = new ArrayList<>();
        for (int cost = 0; cost < dimensions && taken.size() < size; cost++) {
            int which = cost;
            choice.stream().min(Comparator.comparingDouble(prospect -> prospect.costs()[which])).filter(end -> !taken.contains(end))
                .ifPresent(taken::add);
        }
        int ends = taken.size();
        for (int i = ends; i < size && taken.size() < choice.size(); i++) {
            double wanted = (i - ends + 0.25 + 0.5 * random.nextDouble()) / (size - ends);
            taken.add(best(wanted, taken));
        }
        return taken;
    }

    private Prospect best(double level, List<Prospect> taken) {
        Prospect best = null;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < TRIALS || best == null; i++) {
            Prospect prospect = choice.get(random.nextInt(choice.size()));
            double worth = difference(prospect, taken) - OFF_WEIGHT * Math.abs(prospect.level() - level);
            if (worth > most && !taken.contains(prospect)) {
                best = prospect;
                most = worth;
            }
        }
        return best;
    }

    /** The share of genes that differ from the most similar one. */
    private static double difference(Prospect prospect, List<Prospect> taken) {
        return taken.stream().mapToDouble(other -> {
            int different = 0;
            for (int gene = 0; gene < prospect.genes().length; gene++) {
                different += prospect.genes()[gene] == other.genes()[gene] ? 0 : 1;
            }
            return (double) different / prospect.genes().length;
        }).min().orElse(1);
    }
}

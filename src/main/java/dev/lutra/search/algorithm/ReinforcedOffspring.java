package dev.lutra.search.algorithm;

import dev.lutra.search.Candidate;
import dev.lutra.space.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Children as FairNAS makes them. A policy's mutants are rewarded by their place among parents and children: 1 for the first. */
final class ReinforcedOffspring implements WeightedSearch.Offspring {

    private final Breeder breeder;
    private final WeightedOrder order;
    private final FairNasSearch settings;
    private final Policy policy;
    private final Random random;
    /** What the policy chose in those of its children that are not judged yet. */
    private final Map<Architecture, int[]> choices = new HashMap<>();

    ReinforcedOffspring(Breeder breeder, WeightedOrder order, int genes, FairNasSearch settings) {
        this.breeder = breeder;
        this.order = order;
        this.settings = settings;
        this.policy = new Policy(IntStream.range(0, genes).map(gene -> breeder.options(gene).length).toArray(), settings.learning());
        this.random = breeder.random();
    }

    @Override
    public List<Architecture> of(List<Candidate> sorted, int count) {
        List<Candidate> front = order.unbeaten(sorted);
        List<Architecture> children = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] chosen = new int[sorted.get(0).architecture().values().length];
            List<Architecture> bred = breeder.bred(1, () -> child(sorted, front, chosen));
            if (Arrays.stream(chosen).anyMatch(option -> option >= 0)) {
                bred.forEach(child -> choices.put(child, chosen));
            }
            children.addAll(bred);
        }
        return children;
    }

    /** Tells in {@code chosen} what the policy chose for each gene, −1 where it was not asked. */
    private int[] child(List<Candidate> sorted, List<Candidate> front, int[] chosen) {
        Arrays.fill(chosen, -1);
        int[] parent = WeightedSearch.tournament(sorted, random);
        if (random.nextDouble() >= settings.shares().mutation()) {
            return breeder.child(parent, WeightedSearch.tournament(sorted, random));
        }
        double way = random.nextDouble();
        if (way < settings.shares().random()) {
            return breeder.mutant(parent, settings.rate());
        }
        boolean isReinforced = way < settings.shares().random() + settings.shares().reinforced();
        for (int gene = 0; gene < parent.length; gene++) {
            if (random.nextDouble() < settings.rate()) {
                if (isReinforced) {
                    chosen[gene] = policy.draw(gene, random);
                    parent[gene] = breeder.options(gene)[chosen[gene]];
                } else {
                    parent[gene] = breeder.one(front).architecture().value(gene);
                }
            }
        }
        return parent;
    }

    @Override
    public void learn(List<Candidate> sorted) {
        for (int place = 0; place < sorted.size(); place++) {
            int[] chosen = choices.remove(sorted.get(place).architecture());
            if (chosen != null) {
                policy.learn(chosen, 1 - place / (double) sorted.size());
            }
        }
    }
}

package dev.lutra.search.lutra;

import dev.lutra.search.Objective;
import dev.lutra.search.feasible.FeasibleSampler;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/**
 * Architectures of a space too large to list: bred from those that were evaluated and those that seemed best before, round by round,
 * each round from the best of the one before, with fresh draws among them.
 */
final class BredProspects implements Prospects {

    private static final int FIRST = 4000;
    private static final int ROUNDS = 5;
    private static final int FRESH_ONE_IN = 10;
    private static final double MUTATED_GENES = 1.5; // in the mean

    private final Judge judge;
    private final FeasibleSampler sampler;
    private final int count;
    private final Random random;
    private final Options options;
    private List<Prospect> kept = List.of();

    /**
     * @param count architectures that are looked at each time
     */
    BredProspects(Judge judge, FeasibleSampler sampler, int count, Random random) {
        this.judge = judge;
        this.sampler = sampler;
        this.count = count;
        this.random = random;
        this.options = judge.evaluator().options();
    }

    /** Half of them random, half between those and the ends of the range of costs, where random ones do not come. */
    @Override
    public List<Prospect> first() {
        Map<Architecture, Prospect> found = new LinkedHashMap<>();
        List<Architecture> ends = new ArrayList<>();
        for (Objective cost : judge.costs()) {
            ends.add(sampler.best(cost));
            ends.add(sampler.best(Judge.opposite(cost)));
        }
        ends.forEach(end -> judge.prospect(end).ifPresent(prospect -> found.put(end, prospect)));
        for (int i = 0; i < FIRST; i++) {
            Architecture drawn = sampler.draw();
            Architecture wanted = i % 2 == 0 || ends.isEmpty()
                ? drawn
                : mixed(drawn.values(), ends.get(random.nextInt(ends.size())).values(), random.nextDouble());
            judge.prospect(wanted).ifPresent(prospect -> found.putIfAbsent(wanted, prospect));
        }
        return List.copyOf(found.values());
    }

    @Override
    public List<Prospect> next(List<Prospect> evaluated, Set<Architecture> proposed, Function<List<Prospect>, double[]> promise) {
        Map<Architecture, Prospect> best = new LinkedHashMap<>();
        kept.stream().filter(prospect -> !proposed.contains(prospect.architecture()))
            .forEach(prospect -> best.put(prospect.architecture(), prospect));
        for (int round = 0; round < ROUNDS; round++) {
            List<Prospect> parents = new ArrayList<>(best.values());
            parents.addAll(evaluated);
            parents.sort(Comparator.comparingDouble(Prospect::level));
            for (int i = 0; i < count / ROUNDS; i++) {
                Architecture child = i % FRESH_ONE_IN == 0 ? sampler.draw() : child(parents);
                if (!best.containsKey(child) && !proposed.contains(child)) {
                    judge.prospect(child).ifPresent(prospect -> best.put(child, prospect));
                }
            }
            List<Prospect> all = List.copyOf(best.values());
            kept = Shortlist.of(all, promise.apply(all));
            best.clear();
            kept.forEach(prospect -> best.put(prospect.architecture(), prospect));
        }
        return kept;
    }

    /** Of one parent, or of two that cost about the same; with some genes drawn anew. */
    private Architecture child(List<Prospect> byLevel) {
        int place = random.nextInt(byLevel.size());
        int[] values = byLevel.get(place).genes();
        if (random.nextBoolean()) {
            int other = Math.floorMod(place + random.nextInt(1 + byLevel.size() / 10) - byLevel.size() / 20, byLevel.size());
            values = mixed(values, byLevel.get(other).genes(), 0.5).values();
        } else {
            values = values.clone();
        }
        int certain = random.nextInt(values.length);
        for (int gene = 0; gene < values.length; gene++) {
            if (gene == certain || random.nextDouble() < (MUTATED_GENES - 1) / values.length) {
                int[] offered = options.of(gene);
                values[gene] = offered[random.nextInt(offered.length)];
            }
        }
        return options.nearest(values);
    }

    /** Each gene from the other with a probability. */
    private Architecture mixed(int[] one, int[] other, double share) {
        int[] values = one.clone();
        for (int gene = 0; gene < values.length; gene++) {
            values[gene] = random.nextDouble() < share ? other[gene] : one[gene];
        }
        return options.nearest(values);
    }
}

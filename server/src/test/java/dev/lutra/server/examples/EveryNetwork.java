package dev.lutra.server.examples;

import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.Front;
import dev.lutra.search.Objective;
import dev.lutra.search.Search;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Every network of a small space that keeps the limits, and no search at all. */
record EveryNetwork(int most) implements Algorithm {

    static EveryNetwork of(LayeredSettings settings) {
        return new EveryNetwork(settings.integer("most", 1, 10_000));
    }

    @Override
    public int budget() {
        return most;
    }

    @Override
    public Search search(CandidateEvaluator evaluator, List<Objective> objectives, long seed) {
        return listener -> {
            List<Architecture> all = all(evaluator.space()).stream().filter(evaluator::isFeasible).toList();
            int[] done = {0};
            List<Candidate> candidates = evaluator.evaluate(all, candidate -> listener.evaluated(candidate, ++done[0], all.size()));
            return Front.of(objectives, candidates, Map.of("algorithm", "every"));
        };
    }

    private List<Architecture> all(GeneSpace space) {
        int count = space.genes().stream().mapToInt(gene -> gene.size()).reduce(1, Math::multiplyExact);
        return IntStream.range(0, Math.min(most, count)).mapToObj(number -> {
            int[] values = new int[space.genes().size()];
            int rest = number;
            for (int gene = 0; gene < values.length; gene++) {
                values[gene] = rest % space.genes().get(gene).size();
                rest /= space.genes().get(gene).size();
            }
            return space.architecture(values);
        }).distinct().toList();
    }
}

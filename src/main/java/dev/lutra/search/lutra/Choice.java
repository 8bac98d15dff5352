package dev.lutra.search.lutra;

import dev.lutra.search.surrogate.Expectation;
import dev.lutra.search.surrogate.GaussianProcess;
import dev.lutra.search.surrogate.Warp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Which architectures to evaluate next, given what a surrogate has learned from those that were. */
final class Choice {

    private final Judge judge;
    private final GaussianProcess process;
    private final Warp warp;
    private final List<Prospect> known;
    private final double[] values;
    private final double floor;

    /**
     * @param accuracies of those that are known
     */
    Choice(Judge judge, GaussianProcess process, List<Prospect> known, double[] accuracies) {
        this.judge = judge;
        this.process = process;
        this.warp = process.warp();
        this.known = known;
        this.values = IntStream.range(0, accuracies.length).mapToDouble(i -> known.get(i).gain().at(accuracies[i])).toArray();
        this.floor = Arrays.stream(values).min().orElseThrow();
    }

    /**
     * @param shortlist makes the choice to choose from, by a promise: how far the expected target is above the front
     * @return at most so many; fewer where the choice is smaller
     */
    List<Prospect> of(int count, Function<Function<List<Prospect>, double[]>, List<Prospect>> shortlist) {
        List<Prospect> choice = shortlist.apply(promise());
        Expectation expectation = process.expectation(genes(choice), features(choice));
        Improvement improvement = new Improvement(judge, floor);
        for (int i = 0; i < values.length; i++) {
            improvement.reach(known.get(i), values[i]);
        }
        List<Integer> left = new ArrayList<>(IntStream.range(0, choice.size()).boxed().toList());
        List<Prospect> chosen = new ArrayList<>();
        while (chosen.size() < count && !left.isEmpty()) {
            int next = best(left, i -> improvement.expected(choice.get(i), warp, expectation.mean(i), expectation.deviation(i)));
            left.remove((Integer) next);
            Prospect prospect = choice.get(next);
            chosen.add(prospect);
            improvement.reach(prospect, prospect.gain().at(warp.accuracy(expectation.mean(next))));
            if (chosen.size() < count) {
                expectation.learn(next);
            }
        }
        return chosen;
    }

    private static int best(List<Integer> of, IntToDoubleFunction worth) {
        double[] worths = of.stream().mapToDouble(worth::applyAsDouble).toArray();
        return of.get(IntStream.range(0, worths.length).reduce((a, b) -> worths[b] > worths[a] ? b : a).orElseThrow());
    }

    private Function<List<Prospect>, double[]> promise() {
        List<Integer> front = IntStream.range(0, values.length)
            .filter(i -> Improvement.bestWithin(known.get(i), known, values, floor) <= values[i]).boxed().toList();
        List<Prospect> unbeaten = front.stream().map(known::get).toList();
        double[] unbeatenValues = front.stream().mapToDouble(i -> values[i]).toArray();
        return prospects -> {
            double[] promise = process.means(genes(prospects), features(prospects));
            for (int i = 0; i < promise.length; i++) {
                Prospect prospect = prospects.get(i);
                double bound = prospect.gain().accuracy(Improvement.bestWithin(prospect, unbeaten, unbeatenValues, floor));
                promise[i] = bound < warp.top() ? promise[i] - warp.target(bound) : Double.NEGATIVE_INFINITY;
            }
            return promise;
        };
    }

    private static int[][] genes(List<Prospect> prospects) {
        return prospects.stream().map(Prospect::genes).toArray(int[][]::new);
    }

    private static double[][] features(List<Prospect> prospects) {
        return prospects.stream().map(Prospect::features).toArray(double[][]::new);
    }
}

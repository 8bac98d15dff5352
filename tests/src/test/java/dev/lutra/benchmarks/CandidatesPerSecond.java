package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How many candidates of {@code shufflenetv2-cifar} are judged a second, one at a time and several at a time in turn: 1,024 images to
 * recalibrate, 2,500 to validate, weights as they begin. Prints one line of JSON a turn, with the sum of accuracies, which is the same
 * however many are judged at a time. Run by {@code tests/benchmarks/candidates.sh}.
 */
public final class CandidatesPerSecond {

    private CandidatesPerSecond() {}

    /** @param args evaluators, rounds, candidates a turn, folder for decoded images */
    public static void main(String[] args) {
        int evaluators = Integer.parseInt(args[0]);
        int rounds = Integer.parseInt(args[1]);
        int count = Integer.parseInt(args[2]);
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Random random = new Random(1);
        List<Architecture> candidates = Stream.generate(() -> space.random(random)).distinct().limit(count).toList();
        try (ImageData data = ImageData.open(DataSpec.of(new Source.Synthetic(10, 2_500), 32, 1), Path.of(args[3]), DataProgress.NONE);
            SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            SubnetEvaluator one = evaluator(space, weights, data, 1);
            SubnetEvaluator several = evaluator(space, weights, data, evaluators)) {
            one.accuracies(candidates.subList(0, 1), (architecture, accuracy) -> {});
            several.accuracies(candidates.subList(0, 1), (architecture, accuracy) -> {});
            for (int round = 0; round < rounds; round++) {
                measure(1, one, candidates);
                measure(evaluators, several, candidates);
            }
        }
    }

    private static SubnetEvaluator evaluator(SearchSpace space, SupernetWeights weights, ImageData data, int evaluators) {
        return new SubnetEvaluator(space, weights, data, new EvaluationSettings(1_024, 2_500, 128, 0, evaluators));
    }

    private static void measure(int evaluators, SubnetEvaluator subnets, List<Architecture> candidates) {
        Map<String, Double> accuracies = new TreeMap<>();
        long start = System.nanoTime();
        subnets.accuracies(candidates, (architecture, accuracy) -> accuracies.put(architecture.toString(), accuracy));
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "{\"evaluators\": %d, \"candidates_per_second\": %.4f, \"accuracies\": %.6f}%n", evaluators,
            candidates.size() / seconds, accuracies.values().stream().mapToDouble(Double::doubleValue).sum());
    }
}

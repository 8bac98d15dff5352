package dev.lutra.search;

import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Tables;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ObjDoubleConsumer;

/**
 * A space of 4096 networks, counted and predicted as they are, with an invented accuracy: every layer's choice adds a part that
 * grows with its kernel, and a bit of its own. Small enough to know the true front.
 */
public final class SmallProblem {

    public static final SearchSpace SPACE = Tables.smallSpace();
    public static final CheapMeasures CHEAP = CheapMeasures.counted(SPACE, Map.of("box", new LatencyModel(Tables.of(SPACE))));
    public static final List<Objective> OBJECTIVES = List.of(Objective.max(Measure.ACCURACY), Objective.min(Measure.MACS));

    public static final AccuracySource ACCURACIES = AccuracySource.oneByOne(SmallProblem::accuracy);

    private static final double[][] GAINS = gains();

    private SmallProblem() {}

    private static double[][] gains() {
        Random random = new Random(11);
        double[][] gains = new double[SPACE.genes().size()][4];
        for (double[] layer : gains) {
            for (int choice = 0; choice < layer.length; choice++) {
                layer[choice] = 0.02 * choice + 0.03 * random.nextDouble();
            }
        }
        return gains;
    }

    public static double accuracy(Architecture architecture) {
        double accuracy = 0.5;
        for (int gene = 0; gene < GAINS.length; gene++) {
            accuracy += GAINS[gene][architecture.value(gene)];
        }
        return accuracy;
    }

    public static List<Architecture> everyArchitecture() {
        List<Architecture> all = new ArrayList<>();
        for (int number = 0; number < 4096; number++) {
            int[] values = new int[6];
            for (int gene = 0; gene < 6; gene++) {
                values[gene] = number >> 2 * gene & 3;
            }
            all.add(SPACE.architecture(values));
        }
        return all;
    }

    /** Every architecture that keeps some constraints, with its accuracy. */
    public static List<Candidate> everyCandidate(List<Constraint> constraints) {
        CandidateEvaluator evaluator = evaluator(constraints, ACCURACIES, CandidateLog.inMemory());
        return evaluator.evaluate(everyArchitecture().stream().filter(evaluator::isFeasible).toList(), candidate -> {});
    }

    public static CandidateEvaluator evaluator(List<Constraint> constraints, AccuracySource accuracy, CandidateLog log) {
        return new CandidateEvaluator(SPACE, CHEAP, constraints, accuracy, log);
    }

    /** Tells accuracies, and remembers for which architectures it was asked. */
    public static final class Asked implements AccuracySource {
        public final Set<Architecture> architectures = new HashSet<>();
        public int calls;

        @Override
        public void find(List<Architecture> wanted, ObjDoubleConsumer<Architecture> found) {
            wanted.forEach(architecture -> found.accept(architecture, accuracy(architecture)));
        }

        public double accuracy(Architecture architecture) {
            calls++;
            architectures.add(architecture);
            return SmallProblem.accuracy(architecture);
        }
    }
}

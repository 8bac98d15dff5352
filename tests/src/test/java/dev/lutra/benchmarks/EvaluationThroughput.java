package dev.lutra.benchmarks;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.sun.management.OperatingSystemMXBean;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Judging candidates beside bare forward passes of the same networks on the same images, in turns. Bare is what cannot be spared: the
 * passes in which batch norm is measured and those over validation images, with networks, weights and images that are ready as arrays. Prints
 * one line of JSON a turn. Run by {@code tests/benchmarks/evaluation.sh}.
 */
public final class EvaluationThroughput {

    private static final int BATCH = 128;

    /** A network whose passes need nothing but images. */
    private record Ready(Network network, Map<Weight, NDArray> views, Inference folded) {}

    /** Nanoseconds by the clock, and of processor time of this process. */
    private record Now(long wall, long cpu) {

        static Now now() {
            return new Now(System.nanoTime(), ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime());
        }
    }

    private EvaluationThroughput() {}

    /** @param args space, rounds, candidates a turn, images to recalibrate, images to validate, folder for decoded images */
    public static void main(String[] args) {
        SearchSpace space = SpaceFile.load(args[0]);
        int rounds = Integer.parseInt(args[1]);
        int recalibrate = Integer.parseInt(args[3]);
        int validate = Integer.parseInt(args[4]);
        Random random = new Random(1);
        List<Architecture> candidates = Stream.generate(() -> space.random(random)).distinct().limit(Integer.parseInt(args[2])).toList();
        Source drawn = new Source.Synthetic(space.classes(), 2 * Math.max(recalibrate, validate) / space.classes() + 1);
        IntraOpThreads.useOne();
        try (ImageData data = ImageData.open(new DataSpec(drawn, Optional.empty(), Optional.empty(), 0.5, space.input().height(), 1),
            Path.of(args[5]), DataProgress.NONE);
            SupernetWeights weights = new SupernetWeights(1, Device.cpu());
            NDManager manager = weights.newManager();
            SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, data, new EvaluationSettings(recalibrate, validate, BATCH, 0, 1))) {
            List<Ready> networks = candidates.stream().map(architecture -> ready(evaluator.subnet(architecture), weights, manager)).toList();
            List<NDArray> toRecalibrate = arrays(data.train().sample(BATCH, recalibrate, 0), manager);
            List<NDArray> toValidate = arrays(data.validation().inOrder(BATCH, validate), manager);
            evaluator.accuracies(candidates.subList(0, 1), (architecture, accuracy) -> {});
            bare(networks.subList(0, 1), toRecalibrate, toValidate, manager);
            for (int round = 0; round < rounds; round++) {
                Now start = Now.now();
                evaluator.accuracies(candidates, (architecture, accuracy) -> {});
                Now judged = Now.now();
                bare(networks, toRecalibrate, toValidate, manager);
                Now passed = Now.now();
                System.out.printf(Locale.ROOT, "{\"space\": \"%s\", \"judged_per_second\": %.4f, \"bare_per_second\": %.4f, "
                    + "\"ratio\": %.4f, \"ratio_of_cpu_time\": %.4f}%n", space.name(), 1e9 * candidates.size() / (judged.wall() - start.wall()),
                    1e9 * candidates.size() / (passed.wall() - judged.wall()),
                    (double) (passed.wall() - judged.wall()) / (judged.wall() - start.wall()),
                    (double) (passed.cpu() - judged.cpu()) / (judged.cpu() - start.cpu()));
            }
            networks.forEach(ready -> ready.folded().close());
        }
    }

    private static Ready ready(Subnet subnet, SupernetWeights weights, NDManager manager) {
        Map<Weight, NDArray> views = new HashMap<>();
        subnet.network().ops().stream().flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter())
            .forEach(weight -> views.computeIfAbsent(weight, key -> Views.detached(weights.tensor(key.tensor()), key, manager)));
        Inference folded = new Inference(LoweredNetwork.of(subnet.network(), subnet.weights()).after(List.of(new BatchNormFolding())),
            Device.cpu());
        return new Ready(subnet.network(), views, folded);
    }

    private static List<NDArray> arrays(Batches batches, NDManager manager) {
        List<NDArray> arrays = new ArrayList<>();
        try (batches) {
            batches.forEachRemaining(batch -> {
                NDArray own = Images.of(batch, manager).duplicate();
                own.attach(manager);
                arrays.add(own);
            });
        }
        return arrays;
    }

    private static void bare(List<Ready> networks, List<NDArray> toRecalibrate, List<NDArray> toValidate, NDManager manager) {
        for (Ready ready : networks) {
            try (NDManager candidate = manager.newSubManager()) {
                RunningStatistics statistics = new RunningStatistics(candidate);
                for (NDArray images : toRecalibrate) {
                    statistics.nextBatch(BATCH);
                    pass(images, candidate, own -> Forward.inference(ready.network(), ready.views()::get, statistics, own));
                }
                for (NDArray images : toValidate) {
                    pass(images, candidate, ready.folded()::logits);
                }
            }
        }
    }

    private static void pass(NDArray images, NDManager candidate, UnaryOperator<NDArray> network) {
        try (NDManager pass = candidate.newSubManager()) {
            NDArray own = images.stopGradient();
            own.attach(pass);
            network.apply(own);
        }
    }
}

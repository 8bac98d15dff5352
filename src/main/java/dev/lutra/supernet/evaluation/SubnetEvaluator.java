package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.HalfPrecision;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Lowering;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;
import java.util.function.UnaryOperator;

/**
 * Accuracy of architectures with the weights of a supernet: batch norm is measured anew, because the
 * paths that shared a weight saw different statistics, then validation images are classified. The result depends on the
 * weights, the data and the settings only: libtorch computes every candidate with one thread, whoever asks and however many are
 * judged at a time.
 */
public final class SubnetEvaluator implements AutoCloseable {

    private final SearchSpace space;
    private final SupernetWeights weights;
    private final NDManager manager;
    private final KeptBatches recalibration;
    private final KeptBatches validation;
    private final int validationImages;
    private final EvaluationSettings settings;
    private final int batch;
    private final ExecutorService evaluators;

    /**
     * @param weights stay open for as long as this and its subnets are used
     */
    public SubnetEvaluator(SearchSpace space, SupernetWeights weights, ImageData data, EvaluationSettings settings) {
        this.space = space;
        this.weights = weights;
        this.settings = settings;
        int atOnce = weights.device().isGpu() ? 1 : settings.evaluators();
        evaluators = Executors.newFixedThreadPool(atOnce, SubnetEvaluator::thread);
        manager = weights.newManager();
        Split train = data.train();
        batch = Math.min(settings.batch(), train.size());
        long imageBytes = space.input().elements() * Float.BYTES;
        recalibration = new KeptBatches(() -> settings.recalibration() == Recalibration.WEIGHTED
            ? train.sampleToTheLast(batch, settings.recalibrationImages(), settings.seed())
            : train.sample(batch, settings.recalibrationImages(), settings.seed()), manager,
            Math.min(settings.recalibrationImages(), train.size()) * imageBytes);
        validationImages = Math.min(settings.validationImages(), data.validation().size());
        validation = new KeptBatches(() -> data.validation().inOrder(settings.batch(), settings.validationImages()), manager,
            validationImages * imageBytes);
    }

    /**
     * What accuracies on validation images follow from besides the architecture.
     *
     * @param weights fingerprint of the supernet's
     */
    public static NamedValues origin(SearchSpace space, String weights, ImageData data, EvaluationSettings settings) {
        return NamedValues.builder()
            .put("space", space.fingerprint())
            .putAll(weightsAndImages(weights, data).build()).putAll(data.validation().origin())
            .putAll(settings.values())
            .build();
    }

    /**
     * What the weights of a subnet, and those of the file that it is exported to, follow from besides the architecture.
     *
     * @param weights fingerprint of the supernet's
     */
    public static NamedValues weightsOrigin(String weights, ImageData data, EvaluationSettings settings) {
        return weightsAndImages(weights, data).putAll(settings.leaving()).build();
    }

    private static NamedValues.Builder weightsAndImages(String weights, ImageData data) {
        return NamedValues.builder().put("supernet.weights", weights).putAll(data.train().origin());
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(() -> {
            IntraOpThreads.useOne();
            work.run();
        }, "lutra-evaluator");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * The accuracies of some architectures on validation images, several at a time.
     *
     * @param found told each as soon as it is known, in any order, on the calling thread
     */
    public void accuracies(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        Map<Architecture, Double> whole = new LinkedHashMap<>();
        architectures.forEach(architecture -> whole.put(architecture, Double.NEGATIVE_INFINITY));
        judge(whole, (architecture, judged) -> found.accept(architecture, judged.hits().top1()));
    }

    /**
     * Judges some architectures on validation images, several at a time; where the settings say so, those to the end only that may reach an
     * accuracy.
     *
     * @param least by architecture, the accuracy that it is to reach
     * @param found told of each as soon as it is judged, in any order, on the calling thread
     */
    public void judge(Map<Architecture, Double> least, BiConsumer<Architecture, Judged> found) {
        record Result(Architecture architecture, Judged judged) {}

        CompletionService<Result> judging = new ExecutorCompletionService<>(evaluators);
        List<Future<Result>> all = least.entrySet().stream()
            .map(asked -> judging.submit(() -> new Result(asked.getKey(), judged(asked.getKey(), asked.getValue())))).toList();
        try {
            for (int i = 0; i < all.size(); i++) {
                Result result = result(judging.take());
                found.accept(result.architecture(), result.judged());
            }
        } catch (InterruptedException e) {
            throw interrupted();
        } finally {
            all.forEach(future -> future.cancel(false)); // after a failure; close() waits for those that are under way
        }
    }

    /** What an architecture gets right of all validation images. */
    public Hits hits(Architecture architecture) {
        return byEvaluator(() -> judged(architecture, Double.NEGATIVE_INFINITY).hits());
    }

    private <T> T byEvaluator(Callable<T> work) {
        try {
            return result(evaluators.submit(work));
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static <T> T result(Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static CancellationException interrupted() {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted while candidates were judged");
    }

    private Judged judged(Architecture architecture, double least) {
        if (weights.measured().isEmpty() && !settings.recalibration().isMeasured()) {
            try (NDManager candidate = manager.newSubManager()) {
                Network network = space.build(architecture);
                Parameters shared = shared(candidate);
                Normalizer own = new BatchStatistics(candidate);
                return judged(images -> Forward.inference(network, shared, own, images), least);
            }
        }
        try (Inference inference = inference(recalibrated(architecture), Precision.FLOAT32)) {
            return judged(inference::logits, least);
        }
    }

    private Judged judged(UnaryOperator<NDArray> logits, double least) {
        Hits[] hits = {Hits.NONE};
        boolean[] isHopeless = {false};
        validation.whileTrue((images, labels) -> {
            int before = hits[0].images();
            hits[0] = hits[0].plus(Hits.of(logits.apply(images).toFloatArray(), labels));
            isHopeless[0] = settings.stopping().filter(stopping -> stopping.looks(before, hits[0].images(), validationImages)
                && stopping.atMost(hits[0], validationImages) < least).isPresent();
            return !isHopeless[0];
        });
        return new Judged(hits[0], isHopeless[0]
            ? OptionalDouble.of(settings.stopping().orElseThrow().atMost(hits[0], validationImages))
            : OptionalDouble.empty());
    }

    /** The subnet as it is exported unless a file is to keep its batch norm: what is judged is what will be used. */
    private Inference inference(Subnet subnet, Precision precision) {
        List<Lowering> passes = precision == Precision.FLOAT16
            ? List.of(new BatchNormFolding(), new HalfPrecision())
            : List.of(new BatchNormFolding());
        return new Inference(LoweredNetwork.of(subnet.network(), subnet.weights()).after(passes), manager.newSubManager());
    }

    /** What an architecture gets right of all images of another split, such as the test images. */
    public Hits hits(Architecture architecture, Split split) {
        return byEvaluator(() -> judge(architecture, split));
    }

    private Hits judge(Architecture architecture, Split split) {
        try (Inference inference = inference(recalibrated(architecture), Precision.FLOAT32);
            Batches batches = split.inOrder(batch, split.size())) {
            Hits hits = Hits.NONE;
            while (batches.hasNext()) {
                Batch next = batches.next();
                try (NDManager pass = manager.newSubManager()) {
                    hits = hits.plus(Hits.of(inference.logits(Images.of(next, pass)).toFloatArray(), next.labels()));
                }
            }
            return hits;
        }
    }

    /**
     * Outputs of an architecture for some images, row-major: images, then classes.
     *
     * @param precision of the file that they are for
     */
    public float[] logits(Architecture architecture, Precision precision, Batch images) {
        return byEvaluator(() -> {
            try (Inference inference = inference(recalibrated(architecture), precision)) {
                return inference.logits(images);
            }
        });
    }

    /** An architecture ready for use, without asking how good it is. */
    public Subnet subnet(Architecture architecture) {
        return byEvaluator(() -> recalibrated(architecture));
    }

    private Subnet recalibrated(Architecture architecture) {
        Network network = space.build(architecture);
        if (!weights.measured().isEmpty()) {
            return subnet(architecture, network, weights.measured()); // of the one network that has these weights
        }
        try (NDManager candidate = manager.newSubManager()) {
            return subnet(architecture, network, recalibrate(network, shared(candidate), candidate).values());
        }
    }

    private RunningStatistics recalibrate(Network network, Parameters parameters, NDManager candidate) {
        RunningStatistics statistics = new RunningStatistics(candidate, settings.recalibration().averaging());
        recalibration.forEach((images, labels) -> {
            statistics.nextBatch(labels.length);
            Forward.inference(network, parameters, statistics, images);
        });
        return statistics;
    }

    private Subnet subnet(Architecture architecture, Network network, Map<String, float[]> running) {
        WeightSource source = weight -> weight.tensor().role().isParameter()
            ? weights.read(weight)
            : running(running, weight, architecture);
        return new Subnet(architecture, network, source);
    }

    private static float[] running(Map<String, float[]> values, Weight weight, Architecture architecture) {
        float[] found = values.get(weight.tensor().name());
        if (found == null) {
            throw new IllegalArgumentException(weight.tensor().name() + ": not in " + architecture);
        }
        return found.clone();
    }

    private Parameters shared(NDManager owner) {
        Map<Weight, NDArray> views = new HashMap<>();
        return weight -> views.computeIfAbsent(weight, key -> Views.detached(weights.tensor(key.tensor()), key, owner));
    }

    /** Waits for what is under way. */
    @Override
    public void close() {
        evaluators.shutdown();
        boolean interrupted = false;
        while (!evaluators.isTerminated()) {
            try {
                evaluators.awaitTermination(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        manager.close();
    }
}

package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ObjDoubleConsumer;

/**
 * Accuracy of architectures with the weights of a supernet: batch norm is measured anew, because the
 * paths that shared a weight saw different statistics, then validation images are classified. The result depends on the
 * weights, the data and the settings only: libtorch computes every candidate with one thread, whoever asks and however many are
 * judged at a time.
 */
public final class SubnetEvaluator implements AutoCloseable {

    private final NDManager manager;
    private final BlockingQueue<SubnetJudge> free = new LinkedBlockingQueue<>();
    private final ExecutorService evaluators;
    private final AccuracyKind accuracy;

    /**
     * Where the weights are.
     *
     * @param weights stay open for as long as this and its subnets are used
     */
    public SubnetEvaluator(SearchSpace space, SupernetWeights weights, ImageData data, EvaluationSettings settings) {
        this(space, weights, data, settings, new Devices(List.of(weights.device())));
    }

    /**
     * On several devices, each of which judges one candidate at a time; a CPU alone judges as many as the settings say.
     *
     * @param weights on the first device, stay open for as long as this and its subnets are used
     */
    public SubnetEvaluator(SearchSpace space, SupernetWeights weights, ImageData data, EvaluationSettings settings, Devices devices) {
        manager = weights.newManager();
        accuracy = settings.accuracy();
        boolean isCpu = devices.all().size() == 1 && !devices.first().isGpu();
        devices.all().forEach(device -> {
            SubnetJudge judge = new SubnetJudge(space, weights, manager.newSubManager(device), !free.isEmpty(), data, settings);
            free.addAll(Collections.nCopies(isCpu ? settings.evaluators() : 1, judge));
        });
        evaluators = Executors.newFixedThreadPool(free.size(), SubnetEvaluator::thread);
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
        judge(whole, (architecture, judged) -> found.accept(architecture, accuracy.of(judged.hits())));
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
            .map(asked -> judging.submit(() -> new Result(asked.getKey(),
                byFree(judge -> judge.judge(asked.getKey(), asked.getValue())))))
            .toList();
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
        return byEvaluator(judge -> judge.judge(architecture, Double.NEGATIVE_INFINITY).hits());
    }

    private <T> T byEvaluator(Function<SubnetJudge, T> work) {
        try {
            return result(evaluators.submit(() -> byFree(work)));
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    /** There are as many free judges as threads that are not judging. */
    private <T> T byFree(Function<SubnetJudge, T> work) throws InterruptedException {
        SubnetJudge judge = free.take();
        try {
            return work.apply(judge);
        } finally {
            free.add(judge);
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

    /** What an architecture gets right of all images of another split, such as the test images. */
    public Hits hits(Architecture architecture, Split split) {
        return byEvaluator(judge -> judge.hits(architecture, split));
    }

    /**
     * Outputs of an architecture for some images, row-major: images, then classes.
     *
     * @param precision of the file that they are for
     */
    public float[] logits(Architecture architecture, Precision precision, Batch images) {
        return byEvaluator(judge -> judge.logits(architecture, precision, images));
    }

    /** An architecture ready for use, without asking how good it is. */
    public Subnet subnet(Architecture architecture) {
        return byEvaluator(judge -> judge.subnet(architecture));
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

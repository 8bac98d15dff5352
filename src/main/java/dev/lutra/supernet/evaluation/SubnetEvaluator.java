package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDManager;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.UniformBits;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
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
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ObjDoubleConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Accuracy of architectures with the weights of a supernet: batch norm is measured anew, because the
 * paths that shared a weight saw different statistics, then validation images are classified. The result depends on the
 * weights, the data and the settings only: libtorch computes every candidate with one thread, whoever asks and however many are
 * judged at a time.
 */
public final class SubnetEvaluator implements AutoCloseable {

    /** Ways to make a stage that are judged together, so that their teacher sees the images once. */
    private static final int MOST_STAGES_AT_ONCE = 24;

    private final NDManager manager;
    private final BlockingQueue<SubnetJudge> free = new LinkedBlockingQueue<>();
    private final int judges;
    private final ExecutorService evaluators;
    private final AccuracyKind accuracy;
    /** Where figures are sums over stages. */
    private final Optional<StageScores> stages;

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
     * @throws InputException if figures are to be those of stages, and the weights have no teacher
     */
    public SubnetEvaluator(SearchSpace space, SupernetWeights weights, ImageData data, EvaluationSettings settings, Devices devices) {
        stages = settings.by() == EvaluationSettings.By.STAGES ? Optional.of(new StageScores(space, weights)) : Optional.empty();
        manager = weights.newManager();
        accuracy = settings.accuracy();
        boolean isCpu = devices.all().size() == 1 && !devices.first().isGpu();
        devices.all().forEach(device -> {
            SubnetJudge judge = new SubnetJudge(space, weights, manager.newSubManager(device), !free.isEmpty(), data, settings);
            free.addAll(Collections.nCopies(isCpu ? settings.evaluators() : 1, judge));
        });
        judges = free.size();
        evaluators = Executors.newFixedThreadPool(judges, SubnetEvaluator::thread);
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
     * The figures of some architectures that the settings ask for, several at a time: accuracies on validation images, or how near stages
     * come to their teacher's there.
     *
     * @param found told each as soon as it is known, in any order, on the calling thread
     */
    public void accuracies(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        if (stages.isPresent()) {
            scores(stages.get(), architectures, found);
            return;
        }
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

        inAnyOrder(least.entrySet().stream().<Callable<Result>>map(asked -> () -> new Result(asked.getKey(),
            byFree(judge -> judge.judge(asked.getKey(), asked.getValue())))).toList(),
            result -> found.accept(result.architecture(), result.judged()));
    }

    private void scores(StageScores scores, List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        Map<StageScores.Way, StageJudge.Part> missing = scores.missing(architectures);
        List<StageScores.Way> ways = List.copyOf(missing.keySet());
        int some = Math.max(1, Math.min(MOST_STAGES_AT_ONCE, (ways.size() + judges - 1) / judges));
        List<List<StageScores.Way>> together = IntStream.iterate(0, from -> from < ways.size(), from -> from + some)
            .mapToObj(from -> ways.subList(from, Math.min(ways.size(), from + some))).toList();
        List<Callable<Map<StageScores.Way, Double>>> work = together.stream().<Callable<Map<StageScores.Way, Double>>>map(each -> () -> {
            double[] errors = byFree(judge -> judge.errors(scores.teacher(), each.stream().map(missing::get).toList()));
            return IntStream.range(0, errors.length).boxed().collect(Collectors.toMap(each::get, i -> errors[i]));
        }).toList();
        List<Architecture> waiting = new ArrayList<>(architectures);
        Runnable tell = () -> waiting.removeIf(architecture -> {
            boolean known = scores.isKnown(architecture);
            if (known) {
                found.accept(architecture, scores.score(architecture));
            }
            return known;
        });
        tell.run();
        inAnyOrder(work, errors -> {
            errors.forEach(scores::found);
            tell.run();
        });
    }

    /** Does some work on the threads of evaluators, and gives what comes of it to the calling thread. */
    private <T> void inAnyOrder(List<Callable<T>> work, Consumer<T> done) {
        CompletionService<T> judging = new ExecutorCompletionService<>(evaluators);
        List<Future<T>> all = work.stream().map(judging::submit).toList();
        try {
            for (int i = 0; i < all.size(); i++) {
                done.accept(result(judging.take()));
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
        return byEvaluator(judge -> judge.logits(judge.subnet(architecture), precision, images));
    }

    /** The same of a network that is ready for use. */
    public float[] logits(Subnet subnet, Precision precision, Batch images) {
        return byEvaluator(judge -> judge.logits(subnet, precision, images));
    }

    /** An architecture ready for use, without asking how good it is. */
    public Subnet subnet(Architecture architecture) {
        return byEvaluator(judge -> judge.subnet(architecture));
    }

    /**
     * An architecture ready for use in few bits, its grids by what training images make of it in real numbers.
     *
     * @param architecture in real numbers, as the space that is judged here has it
     */
    public Subnet subnet(Architecture architecture, UniformBits bits, Calibration calibration) {
        return byEvaluator(judge -> judge.subnet(architecture, bits, calibration));
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

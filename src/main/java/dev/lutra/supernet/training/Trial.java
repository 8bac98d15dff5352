package dev.lutra.supernet.training;

import ai.djl.ndarray.NDArray;
import dev.lutra.data.Batch;
import dev.lutra.data.ImageData;
import dev.lutra.data.Shown;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.SupernetWeights.Extra;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.blockwise.BlockTeacher;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.curriculum.Curriculum.Span;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Steps of a training and evaluations of candidates that leave nothing behind, for whoever asks how long they take here. */
public final class Trial implements AutoCloseable {

    private static final int CHANNELS = 3;

    private final SearchSpace space;
    private final TrainingSettings settings;
    private final SupernetWeights weights;
    private final Learner learner;
    private BlockTeacher teacher;
    private long step;

    /** @param teaching of a network by itself; its teacher stays open for as long as this is used */
    public Trial(SearchSpace space, TrainingSettings settings, Teaching teaching, Devices devices) {
        IntraOpThreads.useConfigured();
        this.space = space;
        this.settings = settings;
        settings.curriculum().requireFits(space);
        weights = new SupernetWeights(settings.seed(), devices.first());
        learner = new Learner(weights, settings, teaching, !settings.curriculum().sharesWeights() || space.learnsBatchNorm(), devices.all());
    }

    /** The epochs in which a phase of the training begins, and the end of the last. */
    public List<Span> phases() {
        return settings.curriculum().spans(settings.epochs());
    }

    /**
     * A step of a phase on images of random values.
     *
     * @param done share of the phase's epochs that are over by then, 0 to below 1
     */
    public void step(Span phase, double done, Batch images) {
        int epoch = phase.start() + (int) (done * (phase.end() - phase.start()));
        Moment moment = new Moment(settings.seed(), step, epoch, phase.start(), phase.end());
        List<Network> paths = phase.phase().sampling().paths(Options.all(space), moment).stream().map(space::build).toList();
        if (phase.phase().sampling() instanceof BlockWiseSampling) {
            learner.step(paths, images, settings.descent().rate(), step++, teacher());
        } else {
            learner.step(paths, images, settings.descent().rate(), step++);
        }
    }

    /** With weights as they first are, which take as long. */
    private BlockTeacher teacher() {
        if (teacher == null) {
            teacher = new BlockTeacher(space);
        }
        return teacher;
    }

    /** Values that a checkpoint has for each learned one: itself, and what goes with it by the steps so far. */
    public double valuesKept() {
        Map<String, NDArray> momenta = weights.momenta();
        long kept = 2 * elements(momenta);
        for (Extra kind : Extra.values()) {
            kept += elements(weights.extras(kind));
        }
        return (double) kept / elements(momenta);
    }

    private static long elements(Map<String, NDArray> tensors) {
        return tensors.values().stream().mapToLong(NDArray::size).sum();
    }

    /** Measures the one network's batch norm on images of random values, as a last epoch does. */
    public void measure(Batch images) {
        try (MeasuredBatchNorm batchNorm = new MeasuredBatchNorm(space.build(settings.curriculum().onlyPath(space).orElseThrow()), weights)) {
            batchNorm.see(images);
        }
    }

    /** Images of random values with labels of the space's classes. */
    public Batch images(int count) {
        SplittableRandom random = new SplittableRandom(settings.seed());
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(Math.multiplyExact(count, space.imageSize().area()), CHANNELS * Float.BYTES))
            .order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining()) {
            bytes.putFloat((float) random.nextDouble(-1, 1));
        }
        return new Batch(bytes.flip(), new Shown.One(random.ints(count, 0, space.classes()).toArray()), count, space.input().height(),
            space.input().width());
    }

    /** Judges some architectures drawn at random, as many at a time as the settings say. */
    public void evaluate(int count, ImageData images, EvaluationSettings evaluation) {
        SplittableRandom random = new SplittableRandom(settings.seed());
        List<Architecture> drawn = random.longs(count).mapToObj(seed -> Options.all(space).draw(new SplittableRandom(seed))).toList();
        try (SubnetEvaluator evaluator = new SubnetEvaluator(space, weights, images, evaluation)) {
            evaluator.accuracies(drawn, (architecture, accuracy) -> {});
        }
        IntraOpThreads.useConfigured();
    }

    @Override
    public void close() {
        learner.close();
        weights.close();
    }
}

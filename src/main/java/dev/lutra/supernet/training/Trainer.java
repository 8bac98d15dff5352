package dev.lutra.supernet.training;

import ai.djl.Device;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split.Share;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.network.Network;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.IntraOpThreads;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.StepSeed;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.blockwise.BlockTeacher;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.blockwise.Teach;
import dev.lutra.supernet.curriculum.Curriculum.Cycle;
import dev.lutra.supernet.curriculum.Curriculum.Span;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.curriculum.Transition;
import dev.lutra.supernet.curriculum.Transition.PhaseEnd;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.superkernel.RowLatencies;
import dev.lutra.supernet.superkernel.Superkernel;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import dev.lutra.supernet.training.TrainingListener.Progress;
import dev.lutra.supernet.training.curve.CurveBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Trains the shared weights of a space, or with {@link Sampling#fixed} one network. Everything random follows from the
 * seed and the step, and a checkpoint closes every epoch, or is written where a listener stops it: a training that was killed continues from the last one and ends
 * with the same weights, to the bit, as one that was not (same machine, device and number of threads).
 *
 * <p>libtorch computes with the threads that the system property {@code ai.djl.pytorch.num_threads} says, whatever is
 * evaluated in between.
 */
public final class Trainer {

    private static final int CURVE_POINTS_PER_EPOCH = 10;

    private final SearchSpace space;
    private final ImageData data;
    private final TrainingSettings settings;
    private final EvaluationSettings evaluation;
    private final Path checkpointFile;
    private final Start start;
    private final Start blockTeacher;
    private final Teaching teaching;
    private final Devices devices;
    private final Map<String, Supplier<LatencyModel>> tables;
    private final Optional<Rounds> elsewhere;

    /** On the fastest device there is: the first GPU, or the CPU. */
    public Trainer(SearchSpace space, ImageData data, TrainingSettings settings, EvaluationSettings evaluation,
        Path checkpointFile) {
        this(space, data, settings, evaluation, checkpointFile, Start.SCRATCH, Start.SCRATCH, Teaching.NONE, Devices.of(Devices.Wanted.ANY),
            Map.of(), Optional.empty());
    }

    /**
     * @param evaluation how architectures are judged where a phase asks for it
     * @param checkpointFile read if it is there, written at the end of every epoch
     * @throws InputException if the space and the data do not agree
     */
    public Trainer(SearchSpace space, ImageData data, TrainingSettings settings, EvaluationSettings evaluation,
        Path checkpointFile, Device device) {
        this(space, data, settings, evaluation, checkpointFile, Start.SCRATCH, Start.SCRATCH, Teaching.NONE, new Devices(List.of(device)), Map.of(),
            Optional.empty());
    }

    private Trainer(SearchSpace space, ImageData data, TrainingSettings settings, EvaluationSettings evaluation,
        Path checkpointFile, Start start, Start blockTeacher, Teaching teaching, Devices devices,
        Map<String, Supplier<LatencyModel>> tables, Optional<Rounds> elsewhere) {
        if (space.classes() != data.classes().size()) {
            throw new InputException(space.name() + ": " + space.classes() + " classes (expected: " + data.classes().size()
                + ", as the images have)");
        }
        settings.curriculum().requireFits(space);
        this.space = settings.curriculum().trained(space);
        this.data = data;
        this.settings = settings;
        this.evaluation = evaluation;
        this.checkpointFile = checkpointFile;
        this.start = start;
        this.blockTeacher = blockTeacher;
        this.teaching = teaching;
        this.devices = devices;
        this.tables = Map.copyOf(tables);
        this.elsewhere = elsewhere;
    }

    /** The same training from other values than those drawn by its seed. */
    public Trainer from(Start other) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, other, blockTeacher, teaching, devices, tables, elsewhere);
    }

    /** The same training of stages, which learn from a network with these values; from scratch, one that the training trains itself. */
    public Trainer learning(Start other) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, start, other, teaching, devices, tables, elsewhere);
    }

    private boolean isTeacherGiven() {
        return !blockTeacher.equals(Start.SCRATCH);
    }

    /** The same training of one network by itself, with a teacher. */
    public Trainer taught(Teaching other) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, start, blockTeacher, other, devices, tables, elsewhere);
    }

    /** The same training elsewhere: with several devices each takes a part of every batch. */
    public Trainer on(Devices others) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, start, blockTeacher, teaching, others, tables, elsewhere);
    }

    /**
     * The same training, with the latencies that superkernels learn.
     *
     * @param known by device; asked for at the beginning of the training, whose checkpoint keeps what it learns of them
     */
    public Trainer with(Map<String, Supplier<LatencyModel>> known) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, start, blockTeacher, teaching, devices, known, elsewhere);
    }

    /** The same training, whose rounds are taken elsewhere; here otherwise, by one learner after the other, with the same result. */
    public Trainer by(Rounds others) {
        return new Trainer(space, data, settings, evaluation, checkpointFile, start, blockTeacher, teaching, devices, tables, Optional.of(others));
    }

    /** What a training follows from: two with equal origins give equal weights. */
    public static NamedValues origin(SearchSpace space, ImageData data, TrainingSettings settings,
        EvaluationSettings evaluation) {
        NamedValues.Builder origin = NamedValues.builder().putAll(data.train().origin()).putAll(settings.values(space));
        if (settings.curriculum().asksForAccuracy()) {
            origin.putAll(data.validation().origin()).putAll(evaluation.values());
        }
        return origin.build();
    }

    /** The same of a training that starts from given values and, of one network by itself, may have a teacher. */
    public static NamedValues origin(SearchSpace space, ImageData data, TrainingSettings settings, EvaluationSettings evaluation,
        Start start, Teaching teaching) {
        NamedValues.Builder origin = NamedValues.builder().putAll(origin(space, data, settings, evaluation));
        start.describe(settings.curriculum().sharesWeights() ? "supernet.from" : "retrain.weights", origin);
        teaching.describe("retrain.distillation", origin);
        return origin.build();
    }

    /** What superkernels learn of devices, as they began with it; nothing where nothing is left to learn. */
    private SortedMap<String, RowLatencies> latencies(Optional<Checkpoint> before) {
        SortedMap<String, RowLatencies> kept = before.map(Checkpoint::latencies).orElseGet(TreeMap::new);
        return before.filter(Checkpoint::isFinished).isPresent()
            ? kept
            : SuperkernelSampling.in(settings.curriculum()).map(kernels -> Superkernel.latencies(kernels, space, kept, tables)).orElse(kept);
    }

    private NamedValues origin(Optional<Checkpoint> before, Map<String, RowLatencies> latencies) {
        NamedValues.Builder origin = NamedValues.builder().putAll(origin(space, data, settings, evaluation, start, teaching));
        blockTeacher.describe("supernet.teacher", origin);
        return origin.putAll(before.filter(Checkpoint::isFinished).map(finished -> Superkernel.finished(finished.origin()))
            .orElseGet(() -> Superkernel.origin(latencies)))
            .build();
    }

    /**
     * Trains to the end, from the checkpoint if there is one.
     *
     * @return the trained weights, for the caller to close
     * @throws InputException if the checkpoint is of another training
     * @throws TrainingDivergedException if the loss, a gradient or a weight stops being a finite number; the last checkpoint
     *     stays
     */
    public SupernetWeights train(TrainingListener listener) {
        IntraOpThreads.useConfigured();
        Optional<Checkpoint> before = Files.exists(checkpointFile) ? Optional.of(Checkpoint.read(checkpointFile)) : Optional.empty();
        SortedMap<String, RowLatencies> latencies = latencies(before);
        NamedValues origin = origin(before, latencies);
        SupernetWeights weights = new SupernetWeights(settings.seed(), devices.first());
        try {
            Checkpoint checkpoint = Checkpoint.beginning(origin, latencies);
            if (before.isPresent()) {
                checkpoint = Checkpoint.resume(checkpointFile, origin, space, weights);
                listener.resumed(checkpoint);
            } else {
                start.give(settings.curriculum().onlyPath(space).map(network -> List.of(space.build(network))).orElseGet(space::everyOption),
                    weights);
                if (isTeacherGiven()) {
                    enterTeacher(weights);
                }
            }
            checkpoint = settings.rounds().isPresent()
                ? epochs(weights, checkpoint, listener, (now, span, standing) -> epochInRounds(weights, standing, listener))
                : epochsOfOneLearner(weights, checkpoint, listener);
            if (settings.recipe().batchNormEpoch() && weights.measured().isEmpty()) {
                weights.measured(measured(weights, listener));
                checkpoint.write(checkpointFile, weights);
            }
            weights.useAverages();
            return weights;
        } catch (RuntimeException | Error e) {
            weights.close();
            throw e;
        }
    }

    /** Takes the steps of one epoch. */
    private interface Epoch {

        /** @return where the training stands after it */
        Checkpoint take(SearchSpace now, Span span, Checkpoint before);
    }

    private Checkpoint epochsOfOneLearner(SupernetWeights weights, Checkpoint from, TrainingListener listener) {
        try (Learner learner = learner(weights)) {
            return epochs(weights, from, listener, (now, span, before) -> epoch(learner, now, span, before, listener));
        }
    }

    private Checkpoint epochs(SupernetWeights weights, Checkpoint from, TrainingListener listener, Epoch epoch) {
        Checkpoint checkpoint = from;
        while (checkpoint.epochs() < settings.epochs()) {
            Span span = settings.curriculum().spanOf(checkpoint.epochs(), settings.epochs());
            SearchSpace now = spaceAfter(checkpoint.epochs());
            checkpoint = epoch.take(now, span, checkpoint);
            SearchSpace after = spaceAfter(checkpoint.epochs());
            if (checkpoint.epochs() == span.end()) {
                checkpoint = checkpoint.with(end(now, span, checkpoint, weights));
                listener.ended(span.phase(), checkpoint.surviving(after));
            }
            listener.epochEnded(checkpoint.epochs(), checkpoint.surviving(after), architectures -> accuracies(after, architectures, weights));
            checkpoint.write(checkpointFile, weights);
            listener.saved(checkpoint);
        }
        return checkpoint;
    }

    /** Gives the weights a teacher that was trained before: its values are read, its batch norm is measured on training images. */
    private void enterTeacher(SupernetWeights weights) {
        try (SupernetWeights given = new SupernetWeights(settings.seed(), devices.first())) {
            Teach.enter(space, weights, network -> {
                blockTeacher.give(List.of(space.build(network)), given);
                return alone(space, network, given);
            });
        }
    }

    /** Batch norm of the one network, measured over one more epoch of training images, augmented. */
    private Map<String, float[]> measured(SupernetWeights weights, TrainingListener listener) {
        Network network = space.build(settings.curriculum().onlyPath(space).orElseThrow());
        int batches = data.train().batchesPerEpoch(settings.batch());
        try (MeasuredBatchNorm batchNorm = new MeasuredBatchNorm(network, weights);
            Batches images = data.train().shuffled(settings.batch(), settings.seed(), settings.epochs(), 0, settings.recipe().augmentations())) {
            for (int done = 1; images.hasNext(); done++) {
                batchNorm.see(images.next());
                listener.measured(done, batches);
            }
            return batchNorm.values();
        }
    }

    /** The space whose networks have the weights that there are after some epochs. */
    private SearchSpace spaceAfter(int epochs) {
        return Split.at(space, settings.curriculum(), epochs, settings.epochs());
    }

    /** Does what follows a phase, and gives the options that survive it. */
    private Options end(SearchSpace now, Span span, Checkpoint checkpoint, SupernetWeights weights) {
        Options surviving = checkpoint.surviving(now);
        Options trained = settings.curriculum().offeredUntil(span.end(), settings.epochs(), now);
        long seed = StepSeed.of(settings.seed(), checkpoint.steps(), StepSeed.TRANSITION);
        for (Transition transition : span.phase().then()) {
            surviving = transition.apply(new PhaseEnd(span.phase(), surviving, trained, weights,
                architectures -> accuracies(now, architectures, weights), network -> alone(now, network, weights), seed));
        }
        return surviving;
    }

    /** The values of a network as it would leave, with batch norm of its own. */
    private WeightSource alone(SearchSpace now, Architecture network, SupernetWeights weights) {
        try (SubnetEvaluator evaluator = new SubnetEvaluator(now, weights, data, evaluation.by(By.ACCURACY), devices)) {
            return evaluator.subnet(network).weights();
        } finally {
            IntraOpThreads.useConfigured();
        }
    }

    /** As the evaluation says; by accuracy while there is no teacher to hold stages against. */
    private Map<Architecture, Double> accuracies(SearchSpace now, List<Architecture> architectures, SupernetWeights weights) {
        Map<Architecture, Double> accuracies = new HashMap<>();
        boolean byStages = evaluation.by() == By.STAGES && new BlockTeacher(now).isIn(weights);
        try (SubnetEvaluator evaluator = new SubnetEvaluator(now, weights, data, byStages ? evaluation : evaluation.by(By.ACCURACY), devices)) {
            evaluator.accuracies(architectures, accuracies::put);
        }
        return accuracies;
    }

    private static BlockTeacher teacher(SearchSpace now, SupernetWeights weights) {
        BlockTeacher teacher = new BlockTeacher(now);
        if (!teacher.isIn(weights)) {
            throw new IllegalStateException("block-wise without a teacher");
        }
        return teacher;
    }

    private Learner learner(SupernetWeights weights) {
        boolean learnsBatchNorm = !settings.curriculum().sharesWeights() || space.learnsBatchNorm()
            || SuperkernelSampling.in(settings.curriculum()).isPresent(); // one path alone uses it
        return new Learner(weights, settings, teaching, learnsBatchNorm, devices.all());
    }

    private int batches() {
        return data.train().batchesPerEpoch(settings.batch());
    }

    private long steps() {
        return (long) batches() * settings.epochs();
    }

    /** Rates rise and fall once a cycle. */
    private double rate(int epoch, long step) {
        Cycle cycle = settings.curriculum().cycleOf(epoch, settings.epochs());
        int epochs = cycle.end() - cycle.start();
        return settings.descent().rate(step - (long) batches() * cycle.start(), (long) batches() * epochs, epochs);
    }

    private static List<Network> paths(SearchSpace now, Span span, Options surviving, Moment moment) {
        return span.phase().sampling().paths(surviving, moment).stream().map(now::build).toList();
    }

    private static void requireMoved(Learner.Step result, long step, double learningRate) {
        if (!result.moved()) {
            String what = Double.isFinite(result.loss()) ? "a gradient that is not finite" : "loss " + result.loss();
            throw new TrainingDivergedException(what, step, learningRate);
        }
    }

    private static void requireFinite(SupernetWeights weights, long step, double learningRate) {
        if (!weights.areFinite()) {
            throw new TrainingDivergedException("weights that are not finite", step, learningRate);
        }
    }

    /**
     * What one learner of a round learns. It is the same wherever and whenever it is asked for, with the same number of threads.
     *
     * @param number of the learner, from 0
     * @param before what all of them begin with
     */
    public Rounds.Learned learned(Rounds.Round round, int number, LearnedState before) {
        long begun = System.nanoTime();
        long waited = 0;
        IntraOpThreads.useConfigured();
        Rounds.Settings wanted = settings.rounds().orElseThrow();
        SearchSpace now = spaceAfter(round.epoch());
        Span span = settings.curriculum().spanOf(round.epoch(), settings.epochs());
        Options surviving = round.surviving(now);
        long own = number == 0 ? settings.seed() : StepSeed.of(settings.seed(), number, StepSeed.LEARNER);
        long drawn = wanted.paths() == Rounds.Paths.OWN ? own : settings.seed();
        double[] losses = new double[round.steps()];
        double[] right = new double[round.steps()];
        try (SupernetWeights weights = new SupernetWeights(settings.seed(), devices.first())) {
            weights.take(before);
            try (Learner learner = learner(weights);
                Batches images = data.train().shuffled(settings.batch(), settings.seed(), round.epoch(), round.first(), round.end(),
                    settings.recipe().augmentations(), new Share(number, wanted.learners()))) {
                for (int i = 0; i < round.steps(); i++) {
                    long step = (long) batches() * round.epoch() + round.first() + i;
                    double learningRate = rate(round.epoch(), step);
                    long asked = System.nanoTime();
                    Batch batch = images.next();
                    waited += System.nanoTime() - asked;
                    List<Network> paths = paths(now, span, surviving, new Moment(drawn, step, round.epoch(), span.start(), span.end()));
                    Learner.Step result = learner.step(paths, batch, learningRate, (double) step / steps(),
                        StepSeed.of(own, step, StepSeed.DROPOUT), Relaxation.NONE);
                    requireMoved(result, step + 1, learningRate);
                    losses[i] = result.loss() / paths.size();
                    right[i] = (double) result.correct() / paths.size() / batch.size();
                }
            }
            return new Rounds.Learned(new LearnedState.Mean().add(weights.state().changedSince(before)), losses, right, 1,
                System.nanoTime() - begun, waited);
        }
    }

    private Rounds.Learned hereOneAfterTheOther(Rounds.Round round, LearnedState before) {
        Rounds.Learned all = Rounds.Learned.nothing(round.steps());
        for (int number = 0; number < settings.rounds().orElseThrow().learners(); number++) {
            all = all.and(learned(round, number, before));
        }
        return all;
    }

    private Checkpoint epochInRounds(SupernetWeights weights, Checkpoint before, TrainingListener listener) {
        Rounds rounds = elsewhere.orElse(this::hereOneAfterTheOther);
        int period = settings.rounds().orElseThrow().period();
        int epoch = before.epochs();
        long step = before.steps();
        double learningRate = 0;
        CurveBuilder curve = new CurveBuilder(before.curve(), before.begun(), Math.max(1, batches() / CURVE_POINTS_PER_EPOCH));
        LearnedState state = weights.state();
        for (int done = Math.toIntExact(step - (long) batches() * epoch); done < batches();) {
            int steps = Math.min(period - done % period, batches() - done);
            long begun = System.nanoTime();
            Rounds.Learned learned = rounds.take(new Rounds.Round(epoch, done, steps, before.surviving()), state);
            state = state.with(learned.mean().state());
            long nanos = (System.nanoTime() - begun) / steps;
            long waited = Math.round(nanos * ((double) learned.waited() / learned.nanos()));
            for (int i = 0; i < steps; i++) {
                learningRate = rate(epoch, step++);
                double loss = learned.losses()[i] / learned.learners();
                double accuracy = learned.right()[i] / learned.learners();
                curve.add(step, loss, accuracy, learningRate);
                listener.took(nanos, waited);
                listener.step(new Progress(epoch + 1, settings.epochs(), step, steps(), settings.batch(), loss, accuracy, learningRate));
            }
            done += steps;
            if (listener.stops() && done < batches()) {
                weights.take(state);
                new Checkpoint(before.origin(), epoch, step, curve.whole(), curve.begun(), before.surviving(), Optional.empty(), before.latencies())
                    .write(checkpointFile, weights);
                throw new TrainingStoppedException(step, steps());
            }
        }
        weights.take(state);
        requireFinite(weights, step, learningRate);
        return new Checkpoint(before.origin(), epoch + 1, step, curve.points(), Optional.empty(), before.surviving(), Optional.empty(),
            before.latencies());
    }

    private Checkpoint epoch(Learner learner, SearchSpace now, Span span, Checkpoint before, TrainingListener listener) {
        int batches = batches();
        long steps = steps();
        long step = before.steps();
        int epoch = before.epochs();
        double learningRate = 0;
        Options surviving = before.surviving(now);
        Optional<Superkernel> superkernel = SuperkernelSampling.in(settings.curriculum())
            .map(kernels -> new Superkernel(kernels, space, before.latencies(), before.superkernel()));
        Optional<BlockTeacher> teacher = Optional.of(span.phase().sampling()).filter(BlockWiseSampling.class::isInstance)
            .map(blockWise -> teacher(now, learner.weights()));
        CurveBuilder curve = new CurveBuilder(before.curve(), before.begun(), Math.max(1, batches / CURVE_POINTS_PER_EPOCH));
        int done = Math.toIntExact(step - (long) batches * epoch);
        try (Batches epochBatches = data.train().shuffled(settings.batch(), settings.seed(), epoch, done,
            settings.recipe().augmentations())) {
            while (epochBatches.hasNext()) {
                long begun = System.nanoTime();
                Batch batch = epochBatches.next();
                long waited = System.nanoTime() - begun;
                learningRate = rate(epoch, step);
                Moment moment = new Moment(settings.seed(), step, epoch, span.start(), span.end());
                List<Network> paths = paths(now, span, surviving, moment);
                long taken = step;
                long seed = StepSeed.of(settings.seed(), step, StepSeed.DROPOUT);
                Learner.Step result = teacher.isPresent()
                    ? learner.step(paths, batch, learningRate, seed, teacher.get())
                    : learner.step(paths, batch, learningRate, (double) step / steps, seed,
                        superkernel.map(kernels -> kernels.at(settings.seed(), taken, steps))
                            .orElse(Relaxation.NONE));
                step++;
                requireMoved(result, step, learningRate);
                double loss = result.loss() / paths.size();
                double accuracy = (double) result.correct() / paths.size() / batch.size();
                superkernel.flatMap(Superkernel::decided).ifPresent(listener::decided);
                curve.add(step, loss, accuracy, learningRate);
                listener.took(System.nanoTime() - begun, waited);
                listener.step(new Progress(epoch + 1, settings.epochs(), step, steps, batch.size(), loss, accuracy, learningRate));
                if (listener.stops() && epochBatches.hasNext()) {
                    new Checkpoint(before.origin(), epoch, step, curve.whole(), curve.begun(), before.surviving(),
                        superkernel.map(Superkernel::state),
                        before.latencies()).write(checkpointFile, learner.weights());
                    throw new TrainingStoppedException(step, steps);
                }
            }
        }
        requireFinite(learner.weights(), step, learningRate);
        return new Checkpoint(before.origin(), epoch + 1, step, curve.points(), Optional.empty(), before.surviving(),
            superkernel.map(Superkernel::state),
            before.latencies());
    }
}

package dev.lutra.supernet.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.lutra.data.Batch;
import dev.lutra.data.Shown;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Relaxation;
import dev.lutra.supernet.StepSeed;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.blockwise.BlockLesson;
import dev.lutra.supernet.blockwise.BlockTeacher;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Takes one training step after the other on the weights of a supernet. For use by one thread. Learners of one process take turns, step by step: a
 * process gathers one gradient at a time, and draws dropout from one sequence, which every step begins anew.
 */
public final class Learner implements AutoCloseable {

    private static final Object TURN = new Object();

    private final SupernetWeights weights;
    private final TrainingSettings settings;
    private final Loss loss;
    private final boolean learnsBatchNorm;
    private final NDManager manager;
    private final Replicas replicas;

    /**
     * What a step saw before it moved the weights.
     *
     * @param loss mean over the images, summed over the paths
     * @param correct right predictions, summed over the paths
     * @param moved whether the weights moved: not if the loss or a gradient is not finite
     */
    public record Step(double loss, int correct, boolean moved) {}

    /**
     * A learner of what the settings say.
     *
     * @param learnsBatchNorm whether batch norm's scale and shift are learned or stay 1 and 0
     */
    public Learner(SupernetWeights weights, TrainingSettings settings, boolean learnsBatchNorm) {
        this(weights, settings, settings.guidance().loss(settings.labelSmoothing(), settings.seed()), learnsBatchNorm, List.of(weights.device()));
    }

    /** The same on several devices, the first of which has the weights. */
    Learner(SupernetWeights weights, TrainingSettings settings, boolean learnsBatchNorm, List<Device> devices) {
        this(weights, settings, Teaching.NONE, learnsBatchNorm, devices);
    }

    /** The same on several devices, the first of which has the weights; a network by itself may have a teacher. */
    Learner(SupernetWeights weights, TrainingSettings settings, Teaching teaching, boolean learnsBatchNorm, List<Device> devices) {
        this(weights, settings, teaching.teacher().isPresent()
            ? teaching.loss(new LabelLoss(settings.labelSmoothing()))
            : settings.guidance().loss(settings.labelSmoothing(), settings.seed()), learnsBatchNorm, devices);
    }

    /**
     * @param loss what every path's answers are held against
     * @param learnsBatchNorm whether batch norm's scale and shift are learned or stay 1 and 0
     */
    public Learner(SupernetWeights weights, TrainingSettings settings, Loss loss, boolean learnsBatchNorm) {
        this(weights, settings, loss, learnsBatchNorm, List.of(weights.device()));
    }

    private Learner(SupernetWeights weights, TrainingSettings settings, Loss loss, boolean learnsBatchNorm, List<Device> devices) {
        this.weights = weights;
        this.settings = settings;
        this.loss = loss;
        this.learnsBatchNorm = learnsBatchNorm;
        manager = weights.newManager();
        replicas = new Replicas(devices, manager);
    }

    /** A step at the beginning of a training. */
    public Step step(List<Network> paths, Batch batch, double learningRate, long seed) {
        return step(paths, batch, learningRate, 0, seed, Relaxation.NONE);
    }

    /**
     * One step: the gradients of all paths on the same images are summed, then the weights move once. If a loss or a gradient
     * is not finite, nothing moves.
     *
     * @param progress share of the training's steps that are taken, 0 to below 1
     * @param seed of this step's dropout
     * @param relaxation what is decided within the paths
     */
    public Step step(List<Network> paths, Batch batch, double learningRate, double progress, long seed, Relaxation relaxation) {
        synchronized (TURN) {
            return taken(paths, batch, learningRate, progress, seed, relaxation);
        }
    }

    private Step taken(List<Network> paths, Batch batch, double learningRate, double progress, long seed, Relaxation relaxation) {
        Engine.getInstance().setRandomSeed(Long.hashCode(seed));
        Recipe recipe = settings.recipe();
        try (NDManager step = manager.newSubManager()) {
            List<Pass> passes = settings.guidance().ordered(paths).stream().map(path -> Pass.of(path, recipe, progress)).toList();
            StepWeights leaves = new StepWeights(weights, step, passes.stream().flatMap(pass -> pass.networks().stream()).toList(),
                relaxation.learned(), this::learns);
            loss.begin(passes.stream().map(Pass::path).toList());
            Seen seen = seen(batch, step, seed);
            List<Loss.Earlier> earlier = new ArrayList<>();
            double sum = 0;
            int correct = 0;
            for (Pass pass : passes) {
                try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                    Relaxation.Relaxed relaxed = relaxation.begin(leaves, step);
                    Replicas.Outputs outputs = replicas.outputs(pass, relaxed.parameters(), seen.images());
                    NDArray logits = outputs.logits();
                    NDArray pathLoss = loss.of(new Loss.Answers(pass.path(), seen.images(), seen.labels(), logits, earlier, progress));
                    NDArray whole = outputs.second().map(second -> new LabelLoss(settings.labelSmoothing()).of(second, seen.labels(),
                        recipe.auxiliary())).map(pathLoss::add).orElse(pathLoss);
                    collector.backward(relaxed.loss().map(whole::add).orElse(whole));
                    sum += pathLoss.getFloat();
                    correct += Images.correct(logits, batch.shown());
                    earlier.add(new Loss.Earlier(pass.path(), logits.stopGradient()));
                }
            }
            return moved(leaves, sum, correct, learningRate);
        }
    }

    /**
     * One step in which the stages of paths learn from a teacher, each by itself. Its loss is the sum of the stages' errors in parts of the
     * teacher's variance; right are the images that the teacher gets right with a path's last stage in the place of its own.
     *
     * @param seed of this step's dropout
     * @param teacher that the weights have
     */
    public Step step(List<Network> paths, Batch batch, double learningRate, long seed, BlockTeacher teacher) {
        synchronized (TURN) {
            return taken(paths, batch, learningRate, seed, teacher);
        }
    }

    private Step taken(List<Network> paths, Batch batch, double learningRate, long seed, BlockTeacher teacher) {
        Engine.getInstance().setRandomSeed(Long.hashCode(seed));
        try (NDManager step = manager.newSubManager()) {
            List<List<Network>> stages = paths.stream().map(path -> teacher.stages().of(path)).toList();
            StepWeights leaves = new StepWeights(weights, step, stages.stream().flatMap(List::stream).toList(), List.of(), this::learns);
            double error = 0;
            int correct = 0;
            int from = 0;
            for (Replicas.Part part : replicas.parts(seen(batch, step, seed).images())) {
                int images = (int) part.images().getShape().get(0);
                BlockLesson lesson = new BlockLesson(teacher, replicas.on(part, leaves), part.statistics(), this::learns, part.images());
                Shown shown = batch.shown().of(IntStream.range(from, from + images).toArray());
                double share = (double) images / batch.size();
                for (List<Network> path : stages) {
                    BlockLesson.Outcome outcome = lesson.gather(path, shown, share);
                    error += share * outcome.error();
                    correct += outcome.correct();
                }
                from += images;
            }
            return moved(leaves, error, correct, learningRate);
        }
    }

    /** Moves the weights along what passes have gathered, if all of it is finite. */
    private Step moved(StepWeights leaves, double loss, int correct, double learningRate) {
        StepWeights.Gradients gradients = leaves.gradients();
        boolean moves = Double.isFinite(loss) && gradients.areFinite();
        if (moves) {
            gradients.descend(settings.descent(), learningRate, settings.recipe().layers());
            if (settings.recipe().averages()) {
                weights.average(settings.recipe().averaging());
            }
        }
        return new Step(loss, correct, moves);
    }

    /**
     * What the paths of a step see.
     *
     * @param images N, C, H, W
     */
    private record Seen(NDArray images, Labels labels) {}

    private Seen seen(Batch batch, NDManager step, long seed) {
        if (settings.recipe().mixup() == 0) {
            return new Seen(Images.of(batch, step), Labels.of(batch.shown()));
        }
        Mixup.Mix mix = new Mixup(settings.recipe().mixup()).draw(batch.size(), StepSeed.of(seed, 0, StepSeed.MIXUP));
        return new Seen(Images.mixed(batch, step, mix.share(), mix.partners()), mix.labels(batch.shown()));
    }

    SupernetWeights weights() {
        return weights;
    }

    private boolean learns(SharedTensor tensor) {
        return !settings.recipe().layers().freeze(tensor.name()) && switch (tensor.role()) {
            case CONV_WEIGHT, LINEAR_WEIGHT, BIAS, STEP -> true;
            case NORM_SCALE, NORM_SHIFT -> learnsBatchNorm;
            case RUNNING_MEAN, RUNNING_VARIANCE -> false;
        };
    }

    @Override
    public void close() {
        manager.close();
    }
}

package dev.lutra.supernet.blockwise;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.GradientCollector;
import dev.lutra.data.Shown;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What the stages of paths learn from a teacher about some images, each by itself (Li et al. 2020, DNA): a stage reads what the teacher's stage
 * before it gives, and its loss is the squared difference from what the teacher's own stage gives. That is the mean over images and places in
 * parts of the teacher's variance, summed over channels, so that a channel learns as fast in a wide stage as in a narrow one.
 */
public final class BlockLesson {

    private final BlockTeacher teacher;
    private final Parameters weights;
    private final Normalizer normalizer;
    private final Predicate<SharedTensor> learned;
    private final List<NDArray> features;
    /** By stage: channels over the variance of all values. */
    private final List<NDArray> factors = new ArrayList<>();

    /**
     * @param weights of the teacher and of paths
     * @param normalizer of paths
     * @param learned which tensors a step moves
     * @param images N, C, H, W, on a manager that lives for the step
     */
    public BlockLesson(BlockTeacher teacher, Parameters weights, Normalizer normalizer, Predicate<SharedTensor> learned, NDArray images) {
        this.teacher = teacher;
        this.learned = learned;
        this.weights = weights;
        this.normalizer = normalizer;
        features = teacher.features(weights, images);
        features.subList(1, features.size()).forEach(feature -> factors.add(factor(feature)));
    }

    private static NDArray factor(NDArray feature) {
        try (NDArray mean = feature.mean();
            NDArray centred = feature.sub(mean);
            NDArray squared = centred.square();
            NDArray variance = squared.mean();
            NDArray bounded = variance.maximum(Float.MIN_NORMAL);
            NDArray channels = feature.getManager().create((float) feature.getShape().get(1))) {
            return channels.div(bounded);
        }
    }

    /**
     * What a path has come to.
     *
     * @param error squared differences in parts of the teacher's variance, summed over the stages
     * @param correct images that the teacher gets right with the path's last stage in the place of its own
     */
    public record Outcome(double error, int correct) {}

    /**
     * Gathers the gradients of a path.
     *
     * @param stages of the path
     * @param shown classes of the images
     * @param share of the images in those of the step
     */
    public Outcome gather(List<Network> stages, Shown shown, double share) {
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDList losses = new NDList();
            NDArray given = null;
            double error = 0;
            for (int stage = 0; stage < stages.size(); stage++) {
                NDArray wanted = features.get(stage + 1);
                given = Forward.training(stages.get(stage), weights, normalizer, features.get(stage));
                NDArray loss = given.sub(wanted).square().mean().mul(factors.get(stage));
                error += loss.getFloat() / wanted.getShape().get(1);
                if (learns(stages.get(stage))) {
                    losses.add(loss);
                }
            }
            if (!losses.isEmpty()) {
                NDArray sum = losses.stream().reduce(NDArray::add).orElseThrow();
                collector.backward(sum.mul(sum.getManager().create((float) share)));
            }
            return new Outcome(error, Images.correct(teacher.logits(weights, given.stopGradient()), shown));
        }
    }

    /** A stage that leaves all its layers out has nothing to learn. */
    private boolean learns(Network stage) {
        return stage.ops().stream().flatMap(op -> op.weights().stream()).anyMatch(weight -> learned.test(weight.tensor()));
    }
}

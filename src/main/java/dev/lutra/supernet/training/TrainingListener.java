package dev.lutra.supernet.training;

import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Phase;
import dev.lutra.supernet.superkernel.Decisions;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Told how training goes, from the thread that trains. */
public interface TrainingListener {

    /** Nobody listens. */
    TrainingListener NONE = progress -> {};

    /**
     * Where training stands after a step.
     *
     * @param epoch of the step, from 1
     * @param epochs in all
     * @param step just taken, from 1
     * @param steps in all
     * @param images of the step
     * @param loss of the step
     * @param accuracy share of the step's images that its paths got right, 0 to 1
     * @param learningRate of the step
     */
    record Progress(int epoch, int epochs, long step, long steps, int images, double loss, double accuracy,
        double learningRate) {}

    /**
     * Before {@link #step}. Of a round, whose steps several learners take, every step has an equal part.
     *
     * @param nanos that the step took; what happens between steps does not count
     * @param waited of them for images; of a round, in the proportion in which its learners did
     */
    default void took(long nanos, long waited) {}

    /** After every step. */
    void step(Progress progress);

    /** Asked after every step: whether the training ends here, with a checkpoint, to go on another time. */
    default boolean stops() {
        return false;
    }

    /** After every step of superkernels, before {@link #step}. */
    default void decided(Decisions decisions) {}

    /**
     * When an epoch's steps are taken and what follows its phase is done, before it is saved.
     *
     * @param epoch that ended, from 1
     * @param surviving options that there are still
     * @param judge accuracies of architectures by the weights as they are
     */
    default void epochEnded(int epoch, Options surviving, Function<List<Architecture>, Map<Architecture, Double>> judge) {}

    /** When batch norm has been measured on one more batch, after the last epoch. */
    default void measured(int batches, int of) {}

    /** Before the first step, if a checkpoint is continued. */
    default void resumed(Checkpoint checkpoint) {}

    /** When what follows a phase is done, before its last epoch is saved. */
    default void ended(Phase phase, Options surviving) {}

    /** At the end of every epoch, when its checkpoint is in place. */
    default void saved(Checkpoint checkpoint) {}
}

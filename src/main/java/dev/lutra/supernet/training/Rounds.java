package dev.lutra.supernet.training;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import dev.lutra.supernet.LearnedState;
import dev.lutra.yaml.YamlNode;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How the steps of a training are taken by several learners at once: in rounds. Each begins a round with the same weights and momentum, takes its
 * steps on its own share of every batch, and what they have learned is averaged (local SGD, Stich 2019; with one step a round and plain
 * gradients that is one step on the whole batch). A round follows from its weights and numbers alone, so that it can be taken again anywhere.
 */
@FunctionalInterface
public interface Rounds {

    /** Which paths the learners of a round train. */
    enum Paths {
        /** All the same ones, those of the training's steps. */
        SAME,
        /** Each its own. */
        OWN
    }

    /**
     * What results follow from.
     *
     * @param learners how many, each with an equal share of the batch
     * @param period steps a round
     */
    record Settings(int learners, int period, Paths paths) {

        private static final int MOST_LEARNERS = 4096;
        private static final int USUAL_PERIOD = 8;

        /**
         * Reads {@code data-parallel}.
         *
         * @throws InputException with file, line, key and expectation
         */
        public static Settings read(YamlNode node) {
            Settings settings = new Settings(node.get("workers").integer(1, MOST_LEARNERS),
                node.find("period").map(period -> period.integer(1)).orElse(USUAL_PERIOD),
                node.find("paths").map(paths -> paths.oneOf(Paths.class)).orElse(Paths.SAME));
            node.rejectUnknownKeys();
            return settings;
        }

        void describe(String key, NamedValues.Builder values) {
            values.put(key + ".workers", learners).put(key + ".period", period).put(key + ".paths", paths.name().toLowerCase(Locale.ROOT));
        }
    }

    /**
     * Some steps of an epoch.
     *
     * @param epoch from 0
     * @param first step of the epoch, from 0
     * @param steps of the round
     * @param surviving names of the options that no phase has dropped, gene by gene; empty if none was
     */
    record Round(int epoch, int first, int steps, List<List<String>> surviving) implements Serializable {

        private static final long serialVersionUID = 1L;

        /** Where it ends: the first step that is not of it. */
        int end() {
            return first + steps;
        }

        Options surviving(GeneSpace space) {
            return Options.left(space, surviving);
        }
    }

    /**
     * What one learner, or several together, have learned in a round.
     *
     * @param mean of what has changed
     * @param losses by step, summed over the learners
     * @param right by step, shares of the images that were right, summed over the learners
     * @param learners how many
     * @param nanos that it took, summed over the learners
     * @param waited of them for images
     */
    record Learned(LearnedState.Mean mean, double[] losses, double[] right, int learners, long nanos, long waited) implements Serializable {

        private static final long serialVersionUID = 1L;

        /** Nothing yet. */
        public static Learned nothing(int steps) {
            return new Learned(new LearnedState.Mean(), new double[steps], new double[steps], 0, 0, 0);
        }

        /** Together with others; changes this one's mean. */
        public Learned and(Learned others) {
            double[] allLosses = losses.clone();
            double[] allRight = right.clone();
            Arrays.setAll(allLosses, i -> losses[i] + others.losses[i]);
            Arrays.setAll(allRight, i -> right[i] + others.right[i]);
            return new Learned(mean.add(others.mean), allLosses, allRight, learners + others.learners, nanos + others.nanos,
                waited + others.waited);
        }
    }

    /**
     * Has every learner take a round.
     *
     * @param before what all of them begin with
     */
    Learned take(Round round, LearnedState before);
}

package dev.lutra.supernet.evaluation;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;

/**
 * How a candidate is judged.
 *
 * @param recalibrationImages training images, not augmented, that its batch norm is measured on; whole batches of them
 * @param validationImages at most so many validation images, spread evenly over the classes
 * @param batch images a forward pass
 * @param seed which training images
 * @param evaluators candidates judged at a time on a CPU, each by one thread; accuracies do not depend on it
 */
public record EvaluationSettings(int recalibrationImages, int validationImages, int batch, long seed, int evaluators) {

    private static final int MOST_BY_DEFAULT = 8;

    public EvaluationSettings {
        require("recalibration-images", recalibrationImages, 1);
        require("validation-images", validationImages, 1);
        require("batch", batch, 2);
        require("evaluators", evaluators, 1);
    }

    /**
     * The defaults: 2,048 images for batch norm, which is plenty for images of 32×32 (SPOS takes 25,600 for ImageNet, its
     * successors 20,000), up to 5,000 to validate, and batches of 128 as in training; an evaluator a processor, eight at most, as each
     * needs memory for a batch.
     */
    public static EvaluationSettings defaults() {
        return new EvaluationSettings(2_048, 5_000, 128, 0, Math.min(MOST_BY_DEFAULT, Runtime.getRuntime().availableProcessors()));
    }

    /** The settings that accuracies follow from, in the words of the experiment file. */
    public NamedValues values() {
        return NamedValues.builder().putAll(recalibration()).put("evaluation.validation-images", validationImages).build();
    }

    /** Those that the batch norm of a candidate follows from. */
    public NamedValues recalibration() {
        return NamedValues.builder()
            .put("evaluation.recalibration-images", recalibrationImages)
            .put("evaluation.batch", batch)
            .put("evaluation.seed", seed)
            .build();
    }

    private static void require(String key, int value, int least) {
        if (value < least) {
            throw new InputException("evaluation." + key + ": " + value + " (expected: at least " + least + ")");
        }
    }
}

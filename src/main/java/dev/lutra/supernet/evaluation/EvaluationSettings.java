package dev.lutra.supernet.evaluation;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import java.util.Locale;
import java.util.Optional;

/**
 * How a candidate is judged.
 *
 * @param recalibration which batch norm it has meanwhile
 * @param recalibrationImages training images, not augmented, that its batch norm is measured on
 * @param validationImages at most so many validation images, spread evenly over the classes
 * @param batch images a forward pass
 * @param seed which training images
 * @param evaluators candidates judged at a time on a CPU, each by one thread; accuracies do not depend on it
 * @param accuracy what its accuracy is
 * @param threshold where images may show several classes, the sigmoid of an output from which on it answers that they show the class
 * @param stopping of those that a search has no use for; empty: all are judged to the end
 * @param by what their figures say
 * @param ranges how far a candidate's grids of values reach; empty: as far as they learned to while the weights were trained
 */
public record EvaluationSettings(Recalibration recalibration, int recalibrationImages, int validationImages, int batch, long seed,
    int evaluators, AccuracyKind accuracy, double threshold, Optional<EarlyStopping> stopping, By by, Optional<Calibration> ranges) {

    /** What the figure of a candidate says. */
    public enum By {
        /** The share of validation images that it gets right. */
        ACCURACY,
        /** How near its stages come to their teacher's: e to the power of minus the sum of their relative errors. */
        STAGES
    }

    /** An output above 0 says yes. */
    public static final double DEFAULT_THRESHOLD = 0.5;

    private static final int MOST_BY_DEFAULT = 8;
    private static final String RANGES = "evaluation.ranges";
    private static final String LEARNED = "learned";

    public EvaluationSettings {
        require("recalibration-images", recalibrationImages, 1);
        require("validation-images", validationImages, 1);
        require("batch", batch, 2);
        require("evaluators", evaluators, 1);
    }

    /** By the share of the images that is right. */
    public EvaluationSettings(Recalibration recalibration, int recalibrationImages, int validationImages, int batch, long seed, int evaluators,
        Optional<EarlyStopping> stopping) {
        this(recalibration, recalibrationImages, validationImages, batch, seed, evaluators, AccuracyKind.TOP1, DEFAULT_THRESHOLD, stopping,
            By.ACCURACY,
            Optional.empty());
    }

    /** All judged to the end, with the mean statistics of training images. */
    public EvaluationSettings(int recalibrationImages, int validationImages, int batch, long seed, int evaluators) {
        this(Recalibration.MEAN, recalibrationImages, validationImages, batch, seed, evaluators, Optional.empty());
    }

    /**
     * The defaults: 2,048 images for batch norm, which is plenty for images of 32×32 (SPOS takes 25,600 for ImageNet, its
     * successors 20,000), up to 5,000 to validate, and batches of 128 as in training; an evaluator a processor, eight at most, as each
     * needs memory for a batch.
     */
    public static EvaluationSettings defaults() {
        return new EvaluationSettings(2_048, 5_000, 128, 0, Math.min(MOST_BY_DEFAULT, Runtime.getRuntime().availableProcessors()));
    }

    /**
     * The same for a network that has its weights to itself, which is judged to the end with the batch norm that it leaves with and with
     * grids that reach as far as it learned.
     */
    public EvaluationSettings alone() {
        return new EvaluationSettings(recalibration.leaving(), recalibrationImages, validationImages, batch, seed, evaluators, accuracy, threshold,
            Optional.empty(), By.ACCURACY, Optional.empty());
    }

    /** The same with other grids of values. */
    public EvaluationSettings ranges(Optional<Calibration> calibration) {
        return new EvaluationSettings(recalibration, recalibrationImages, validationImages, batch, seed, evaluators, accuracy, threshold, stopping,
            by,
            calibration);
    }

    /** The same with another number of candidates at a time; no figure depends on it. */
    public EvaluationSettings withEvaluators(int number) {
        return new EvaluationSettings(recalibration, recalibrationImages, validationImages, batch, seed, number, accuracy, threshold, stopping, by,
            ranges);
    }

    /** The same with other figures. */
    public EvaluationSettings by(By figure) {
        return new EvaluationSettings(recalibration, recalibrationImages, validationImages, batch, seed, evaluators, accuracy, threshold, stopping,
            figure,
            ranges);
    }

    /** Images that the batch norm of a candidate is measured on before it is judged; 0 where it is not. */
    public int imagesToRecalibrate() {
        return recalibration.isMeasured() ? recalibrationImages : 0;
    }

    /** The settings that accuracies on all images follow from, in the words of the experiment file. */
    public NamedValues values() {
        return recalibrated(recalibration).put("evaluation.validation-images", validationImages)
            .putLater("evaluation.accuracy", accuracy.key(), AccuracyKind.TOP1.key())
            .putLater("evaluation.threshold", NamedValues.text(threshold), NamedValues.text(DEFAULT_THRESHOLD))
            .putLater("evaluation.by", by.name().toLowerCase(Locale.ROOT), By.ACCURACY.name().toLowerCase(Locale.ROOT)).build();
    }

    /** Those that the batch norm of a network which leaves follows from. */
    public NamedValues leaving() {
        return recalibrated(recalibration.leaving()).build();
    }

    private NamedValues.Builder recalibrated(Recalibration by) {
        NamedValues.Builder values = NamedValues.builder()
            .putLater("evaluation.recalibration", by.key(), Recalibration.MEAN.key())
            .put("evaluation.recalibration-images", recalibrationImages)
            .put("evaluation.batch", batch)
            .put("evaluation.seed", seed)
            .putLater(RANGES, ranges.map(calibration -> calibration.method().key()).orElse(LEARNED), LEARNED);
        ranges.ifPresent(calibration -> values.putAll(calibration.details(RANGES)));
        return values;
    }

    private static void require(String key, int value, int least) {
        if (value < least) {
            throw new InputException("evaluation." + key + ": " + value + " (expected: at least " + least + ")");
        }
    }
}

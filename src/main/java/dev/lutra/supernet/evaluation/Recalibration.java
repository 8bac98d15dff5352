package dev.lutra.supernet.evaluation;

import dev.lutra.supernet.RunningStatistics.Averaging;
import java.util.Locale;

/** Which mean and variance a candidate's batch norm has while it is judged. Paths that shared a weight saw other ones, so it needs its own. */
public enum Recalibration {

    /** Measured on whole batches of training images, each of which counts alike. */
    MEAN(Averaging.MEAN),

    /**
     * Measured on training images, each of which counts alike: the last batch may be smaller, and counts less (MMRazor's calibration,
     * {@code calibrate_sample_num}).
     */
    WEIGHTED(Averaging.WEIGHTED),

    /**
     * Measured on whole batches of training images, the later the more they count: each moves the statistics by a tenth, from mean 0 and
     * variance 1 (PyTorch's default, and so SPOS's official code).
     */
    MOVING(Averaging.MOVING),

    /**
     * Not measured: every batch of validation images is normalised by its own (MMRazor's {@code norm_training}, NAO-V2's code). What leaves
     * has none of these, so it is measured as by {@link #MEAN}.
     */
    BATCH(Averaging.MEAN);

    private final Averaging averaging;

    Recalibration(Averaging averaging) {
        this.averaging = averaging;
    }

    /** How batches make the statistics of networks that leave. */
    Averaging averaging() {
        return averaging;
    }

    /** Whether candidates are judged by the statistics of networks that leave. */
    boolean isMeasured() {
        return this != BATCH;
    }

    /** That measures the same for networks that leave. */
    Recalibration leaving() {
        return isMeasured() ? this : MEAN;
    }

    /** What it is called in files. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}

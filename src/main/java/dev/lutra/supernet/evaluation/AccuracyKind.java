package dev.lutra.supernet.evaluation;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What an accuracy is a share of. */
public enum AccuracyKind {

    /** Of the images. */
    TOP1(Hits::top1, true, false),
    /** Of the images of each class, whose mean it is: classes count alike, however many images they have. */
    BALANCED(Hits::balanced, true, false),
    /** Mean over the classes of the harmonic mean of precision and recall. */
    MACRO_F1(Hits::macroF1, true, true),
    /** Harmonic mean of precision and recall of all answers together. */
    MICRO_F1(Hits::microF1, false, true),
    /** Mean over the classes of the area under precision over recall. */
    MEAN_AVERAGE_PRECISION(Hits::meanAveragePrecision, false, true);

    private final ToDoubleFunction<Hits> share;
    private final boolean isOfOne;
    private final boolean isOfSeveral;

    AccuracyKind(ToDoubleFunction<Hits> share, boolean isOfOne, boolean isOfSeveral) {
        this.share = share;
        this.isOfOne = isOfOne;
        this.isOfSeveral = isOfSeveral;
    }

    /** What is meant unless a file says otherwise. */
    public static AccuracyKind usual(boolean showsSeveral) {
        return showsSeveral ? MEAN_AVERAGE_PRECISION : TOP1;
    }

    /** Whether it is known of images that show one class each, or that may show several. */
    public boolean fits(boolean showsSeveral) {
        return showsSeveral ? isOfSeveral : isOfOne;
    }

    /** The words for those that are known. */
    public static String fitting(boolean showsSeveral) {
        return Arrays.stream(values()).filter(kind -> kind.fits(showsSeveral)).map(AccuracyKind::key).collect(Collectors.joining(", "));
    }

    /** 0 to 1. */
    public double of(Hits hits) {
        return share.applyAsDouble(hits);
    }

    /** The word for it in an experiment file. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

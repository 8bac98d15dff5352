package dev.lutra.supernet.evaluation;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What an accuracy is a share of. */
public enum AccuracyKind {

    /** Of the images. */
    TOP1(Hits::top1),
    /** Of the images of each class, whose mean it is: classes count alike, however many images they have. */
    BALANCED(Hits::balanced),
    /** Mean over the classes of the harmonic mean of precision and recall. */
    MACRO_F1(Hits::macroF1);

    private final ToDoubleFunction<Hits> share;

    AccuracyKind(ToDoubleFunction<Hits> share) {
        this.share = share;
    }

    /** 0 to 1. */
    public double of(Hits hits) {
        return share.applyAsDouble(hits);
    }

    /** The word for it in an experiment file. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

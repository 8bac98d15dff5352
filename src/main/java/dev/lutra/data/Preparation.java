package dev.lutra.data;

import dev.lutra.data.image.RgbImage;
import java.util.SplittableRandom;

/** Turns stored images into what the network takes. Holds scratch space: one thread uses one preparation. */
interface Preparation {

    /**
     * As evaluation sees it.
     *
     * @return normalised values by row, column, channel; overwritten by the next call
     */
    float[] plain(RgbImage image);

    /**
     * As training sees it.
     *
     * @return normalised values by row, column, channel; overwritten by the next call
     */
    float[] augmented(RgbImage image, SplittableRandom random);

    static Preparation of(StoredSize size, Normalization normalization) {
        return size.isSmall()
            ? new SmallPreparation(size.imageSize(), normalization)
            : new LargePreparation(size, normalization);
    }
}

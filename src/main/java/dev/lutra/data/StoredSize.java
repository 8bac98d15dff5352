package dev.lutra.data;

import dev.lutra.ImageSize;
import dev.lutra.data.image.RgbImage;

/**
 * The size at which decoded images are kept.
 *
 * @param imageSize of the images the network takes
 */
record StoredSize(ImageSize imageSize) {

    /** Up to here (CIFAR, Tiny ImageNet) images are padded and cropped; larger ones are cropped and scaled. */
    private static final int LARGEST_SMALL = 64;

    /** Of 224 pixels an evaluation takes from 256, the usual ratio. */
    private static final float MARGIN = 256f / 224;

    static StoredSize of(ImageSize imageSize) {
        return new StoredSize(imageSize);
    }

    boolean isSmall() {
        return Math.max(imageSize.height(), imageSize.width()) <= LARGEST_SMALL;
    }

    /** Height before the centre crop of an evaluation, of an image that is no higher for its width than the network's. */
    int marginHeight() {
        return Math.round(imageSize.height() * MARGIN);
    }

    /** Width before it, of an image that is no wider for its height. */
    int marginWidth() {
        return Math.round(imageSize.width() * MARGIN);
    }

    /**
     * What an image is scaled by before the centre crop: it then covers the size with its margin, and one of its sides does so exactly.
     */
    double scale(int height, int width) {
        return Math.max((double) marginHeight() / height, (double) marginWidth() / width);
    }

    /** What evaluation does to an image, in words. */
    String preparation() {
        String size = imageSize.height() + "x" + imageSize.width();
        if (isSmall()) {
            return "RGB, scaled to " + size + ", values / 255";
        }
        return imageSize.isSquare()
            ? "RGB, shorter side scaled to " + marginHeight() + ", centre " + size + ", values / 255"
            : "RGB, scaled to cover " + marginHeight() + "x" + marginWidth() + ", centre " + size + ", values / 255";
    }

    /** Of an image that is drawn to be stored. */
    ImageSize drawn() {
        return isSmall() ? imageSize : new ImageSize(marginHeight(), marginWidth());
    }

    /**
     * Small images become exactly as large as the network takes them, whatever their aspect ratio; large ones keep it and
     * shrink to what an evaluation takes its centre from, or stay as they are if they are smaller.
     */
    RgbImage fit(RgbImage image) {
        if (isSmall()) {
            return image.resized(imageSize.width(), imageSize.height());
        }
        double scale = scale(image.height(), image.width());
        return scale >= 1
            ? image
            : image.resized((int) Math.round(image.width() * scale), (int) Math.round(image.height() * scale));
    }
}

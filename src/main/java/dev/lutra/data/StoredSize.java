package dev.lutra.data;

import dev.lutra.data.image.RgbImage;

/**
 * The size at which decoded images are kept.
 *
 * @param imageSize height and width of the images the network takes
 */
record StoredSize(int imageSize) {

    /** Up to here (CIFAR, Tiny ImageNet) images are padded and cropped; larger ones are cropped and scaled. */
    private static final int LARGEST_SMALL = 64;

    static StoredSize of(int imageSize) {
        return new StoredSize(imageSize);
    }

    boolean isSmall() {
        return imageSize <= LARGEST_SMALL;
    }

    /** Short side before the centre crop of an evaluation: 256 for 224, the usual ratio. */
    int shortSide() {
        return Math.round(imageSize * 256f / 224);
    }

    /** What evaluation does to an image, in words. */
    String preparation() {
        String whole = "RGB, scaled to " + imageSize + "x" + imageSize + ", values / 255";
        return isSmall()
            ? whole
            : "RGB, shorter side scaled to " + shortSide() + ", centre " + imageSize + "x" + imageSize + ", values / 255";
    }

    /** Side of an image that is drawn to be stored. */
    int drawnSide() {
        return isSmall() ? imageSize : shortSide();
    }

    /**
     * Small images become exactly as large as the network takes them, whatever their aspect ratio; large ones keep it and
     * shrink to the short side of an evaluation, or stay as they are if they are smaller.
     */
    RgbImage fit(RgbImage image) {
        if (isSmall()) {
            return image.resized(imageSize, imageSize);
        }
        int shorter = Math.min(image.width(), image.height());
        if (shorter <= shortSide()) {
            return image;
        }
        double scale = (double) shortSide() / shorter;
        return image.resized((int) Math.round(image.width() * scale), (int) Math.round(image.height() * scale));
    }
}

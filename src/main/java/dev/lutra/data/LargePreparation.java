package dev.lutra.data;

import dev.lutra.Draws;
import dev.lutra.data.image.RgbImage;
import java.util.SplittableRandom;

/**
 * Large images. Training: a random part (area 8–100 %, aspect ratio 3:4–4:3 of the network's images) scaled bilinearly, a random
 * horizontal flip, brightness, contrast and saturation changed by up to 40 % in random order (SPOS, Guo et al. 2020, and its code).
 * Evaluation: scaled to cover 256/224 of the image size, centre crop.
 */
final class LargePreparation implements Preparation {

    private static final double SMALLEST_AREA = 0.08;
    private static final double LARGEST_RATIO = 4.0 / 3;
    private static final double JITTER = 0.4;
    private static final int ATTEMPTS = 10;

    private final StoredSize storedSize;
    private final int height;
    private final int width;
    private final Normalization normalization;
    private final float[] values;
    private final int[] leftOffsets;
    private final int[] rightOffsets;
    private final float[] rightShares;

    LargePreparation(StoredSize storedSize, Normalization normalization) {
        this.storedSize = storedSize;
        this.height = storedSize.imageSize().height();
        this.width = storedSize.imageSize().width();
        this.normalization = normalization;
        this.values = new float[height * width * 3];
        this.leftOffsets = new int[width];
        this.rightOffsets = new int[width];
        this.rightShares = new float[width];
    }

    /** A part of an image, in its pixels. */
    private record Crop(double left, double top, double width, double height) {}

    @Override
    public float[] plain(RgbImage image) {
        double scale = storedSize.scale(image.height(), image.width());
        // in whole pixels of the scaled image, so that one of the right size is cropped without blur
        long left = Math.round((image.width() * scale - width) / 2);
        long top = Math.round((image.height() * scale - height) / 2);
        scale(image, new Crop(left / scale, top / scale, width / scale, height / scale), false);
        normalise();
        return values;
    }

    @Override
    public float[] augmented(RgbImage image, SplittableRandom random) {
        scale(image, randomCrop(image.width(), image.height(), random), random.nextBoolean());
        jitter(random);
        normalise();
        return values;
    }

    /** As torchvision's RandomResizedCrop draws it, with ratios about that of the network's images. */
    private Crop randomCrop(int imageWidth, int imageHeight, SplittableRandom random) {
        double own = (double) width / height;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double area = (double) imageWidth * imageHeight * random.nextDouble(SMALLEST_AREA, 1);
            double ratio = own * Math.exp(random.nextDouble(-Math.log(LARGEST_RATIO), Math.log(LARGEST_RATIO)));
            long cropWidth = Math.round(Math.sqrt(area * ratio));
            long cropHeight = Math.round(Math.sqrt(area / ratio));
            if (cropWidth >= 1 && cropWidth <= imageWidth && cropHeight >= 1 && cropHeight <= imageHeight) {
                return new Crop(random.nextLong(imageWidth - cropWidth + 1), random.nextLong(imageHeight - cropHeight + 1),
                    cropWidth, cropHeight);
            }
        }
        double cropWidth = Math.min(imageWidth, imageHeight * own * LARGEST_RATIO);
        double cropHeight = Math.min(imageHeight, imageWidth / own * LARGEST_RATIO);
        return new Crop((imageWidth - cropWidth) / 2, (imageHeight - cropHeight) / 2, cropWidth, cropHeight);
    }

    private void scale(RgbImage image, Crop crop, boolean flipped) {
        for (int x = 0; x < width; x++) {
            double at = position(crop.left(), crop.width(), flipped ? width - 1 - x : x, width, image.width());
            int left = (int) at;
            leftOffsets[x] = left * 3;
            rightOffsets[x] = Math.min(left + 1, image.width() - 1) * 3;
            rightShares[x] = (float) (at - left);
        }
        byte[] pixels = image.pixels();
        for (int y = 0, to = 0; y < height; y++) {
            double at = position(crop.top(), crop.height(), y, height, image.height());
            int upper = (int) at;
            int upperLine = upper * image.width() * 3;
            int lowerLine = Math.min(upper + 1, image.height() - 1) * image.width() * 3;
            float lowerShare = (float) (at - upper);
            for (int x = 0; x < width; x++) {
                for (int channel = 0; channel < 3; channel++) {
                    int left = leftOffsets[x] + channel;
                    int right = rightOffsets[x] + channel;
                    float above = between(pixels[upperLine + left], pixels[upperLine + right], rightShares[x]);
                    float below = between(pixels[lowerLine + left], pixels[lowerLine + right], rightShares[x]);
                    values[to++] = above + (below - above) * lowerShare;
                }
            }
        }
    }

    /** Where the centre of a new pixel lies among the centres of the old ones. */
    private static double position(double from, double extent, int pixel, int size, int limit) {
        return Math.max(0, Math.min(limit - 1, from + (pixel + 0.5) * extent / size - 0.5));
    }

    private static float between(byte left, byte right, float rightShare) {
        int first = left & 0xFF;
        return first + ((right & 0xFF) - first) * rightShare;
    }

    private void jitter(SplittableRandom random) {
        int[] order = {0, 1, 2};
        Draws.shuffle(order, random);
        for (int change : order) {
            float factor = (float) random.nextDouble(1 - JITTER, 1 + JITTER);
            switch (change) {
                case 0 -> blendWith(0, factor);
                case 1 -> blendWith(meanGray(), factor);
                default -> saturate(factor);
            }
        }
    }

    private float meanGray() {
        double sum = 0;
        for (int i = 0; i < values.length; i += 3) {
            sum += gray(i);
        }
        return (float) (sum * 3 / values.length);
    }

    private void blendWith(float level, float factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] = clamp(level + (values[i] - level) * factor);
        }
    }

    private void saturate(float factor) {
        for (int i = 0; i < values.length; i += 3) {
            float gray = gray(i);
            values[i] = clamp(gray + (values[i] - gray) * factor);
            values[i + 1] = clamp(gray + (values[i + 1] - gray) * factor);
            values[i + 2] = clamp(gray + (values[i + 2] - gray) * factor);
        }
    }

    /** ITU-R BT.601 luma. */
    private float gray(int at) {
        return 0.299f * values[at] + 0.587f * values[at + 1] + 0.114f * values[at + 2];
    }

    private static float clamp(float value) {
        return Math.max(0, Math.min(255, value));
    }

    private void normalise() {
        float[] factor = new float[3];
        float[] offset = new float[3];
        for (int channel = 0; channel < 3; channel++) {
            offset[channel] = normalization.apply(0, channel);
            factor[channel] = (normalization.apply(255, channel) - offset[channel]) / 255;
        }
        for (int i = 0; i < values.length; i += 3) {
            values[i] = values[i] * factor[0] + offset[0];
            values[i + 1] = values[i + 1] * factor[1] + offset[1];
            values[i + 2] = values[i + 2] * factor[2] + offset[2];
        }
    }
}

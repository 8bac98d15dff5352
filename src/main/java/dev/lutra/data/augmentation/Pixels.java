package dev.lutra.data.augmentation;

import dev.lutra.ImageSize;

/**
 * An image on its way to the network.
 *
 * @param values 0 to 255 by row, column, channel; changed in place
 * @param size height and width in pixels
 * @param mean colour of the training images, which is 0 for the network: red, green, blue, 0 to 255
 */
public record Pixels(float[] values, ImageSize size, float[] mean) {

    static final int CHANNELS = 3;
}

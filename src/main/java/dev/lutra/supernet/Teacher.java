package dev.lutra.supernet;

import dev.lutra.ImageSize;

/** A network that another learns from. For use by one thread. */
public interface Teacher extends AutoCloseable {

    /**
     * Its outputs, row-major: images, then classes.
     *
     * @param planes normalised values by image, channel, row, column
     * @param images how many
     * @param size of each
     */
    float[] logits(float[] planes, int images, ImageSize size);

    @Override
    void close();
}

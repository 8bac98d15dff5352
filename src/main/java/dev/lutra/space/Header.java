package dev.lutra.space;

import dev.lutra.ImageSize;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Shape;
import dev.lutra.yaml.YamlNode;
import java.util.Optional;

/**
 * Everything a space file says but the layers.
 *
 * @param input shape of one image
 * @param classes outputs of the network
 * @param learnsBatchNorm whether scale and shift are learned while weights are shared
 * @param batchNormEpsilon added to every variance
 * @param definition text of the space's file; empty where it has none
 */
public record Header(String name, String title, String source, Shape input, int classes, boolean learnsBatchNorm,
    double batchNormEpsilon, Optional<String> definition) {

    /** Limits of what a file may ask for, far beyond any network. */
    public static final int MOST_CHANNELS = 1 << 20;
    public static final int MOST_SIZE = 1 << 14;
    public static final int MOST_LAYERS = 1000;
    public static final int MOST_CLASSES = 1 << 20;

    /**
     * The size of images that a file says.
     *
     * @param least that either extent may be
     * @throws dev.lutra.InputException if it is none
     */
    public static ImageSize imageSize(YamlNode node, int least) {
        return ImageSize.parse(node.text(), least, MOST_SIZE).orElseThrow(() -> node.error(node.text() + " (expected: a number of pixels, or "
            + "height x width as 96x160, each from " + least + " to " + MOST_SIZE + ")"));
    }

    Header withClasses(int value) {
        return new Header(name, title, source, input, value, learnsBatchNorm, batchNormEpsilon, definition);
    }

    Header withImageSize(ImageSize size) {
        return new Header(name, title, source, Shape.image(input.channels(), size.height(), size.width()), classes, learnsBatchNorm,
            batchNormEpsilon, definition);
    }

    NetworkBuilder builder() {
        return new NetworkBuilder(name, input, batchNormEpsilon);
    }

    /** @throws MisplacedLayerException if the last layer does not give one value a class */
    void requireOutput(int lastLayer, Shape output) {
        if (!output.equals(Shape.vector(classes))) {
            throw new MisplacedLayerException(lastLayer, "the network gives " + output + " (expected: a vector of " + classes
                + ", one value a class: 'linear' without 'channels', or 'flatten')");
        }
    }

    /** @throws IllegalArgumentException if the architecture belongs to another space */
    void requireOwn(Architecture architecture) {
        if (!architecture.space().equals(name)) {
            throw new IllegalArgumentException("architecture of " + architecture.space() + " (expected: of " + name + ")");
        }
    }
}

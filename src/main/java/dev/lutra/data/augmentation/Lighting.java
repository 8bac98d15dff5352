package dev.lutra.data.augmentation;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import java.util.SplittableRandom;

/**
 * Adds a random multiple of the principal components of ImageNet's colours to every pixel (Krizhevsky et al. 2012), whose values and
 * vectors are those that MXNet and torchvision's recipes state.
 *
 * @param deviation of the normally distributed multiples
 */
record Lighting(double deviation) implements Augmentation {

    private static final double[] EIGENVALUES = {55.46, 4.794, 1.148};
    private static final double[][] EIGENVECTORS = {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
    private static final double USUAL_DEVIATION = 0.1;

    static Augmentation of(LayeredSettings settings) {
        return new Lighting(settings.number("deviation", 0.001, 10, USUAL_DEVIATION));
    }

    @Override
    public void apply(Pixels image, SplittableRandom random) {
        double[] shift = new double[Pixels.CHANNELS];
        for (int component = 0; component < EIGENVALUES.length; component++) {
            double multiple = deviation * random.nextGaussian() * EIGENVALUES[component];
            for (int channel = 0; channel < shift.length; channel++) {
                shift[channel] += EIGENVECTORS[channel][component] * multiple;
            }
        }
        float[] values = image.values();
        for (int i = 0; i < values.length; i++) {
            values[i] += (float) shift[i % Pixels.CHANNELS];
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "lighting").put(key + ".deviation", deviation);
    }
}

package dev.lutra.supernet.evaluation;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Op;
import dev.lutra.yaml.YamlNode;
import java.util.Locale;

/**
 * How far grids of values reach, by what training images make of the network.
 *
 * @param method what of the values is reached
 * @param images that are looked at, at most
 * @param percentile of the magnitudes, for that method
 */
public record Calibration(Method method, int images, double percentile) {

    private static final int USUAL_IMAGES = 512;
    private static final double USUAL_PERCENTILE = 99.99;
    private static final int PERCENT = 100;

    /** What a grid reaches. */
    public enum Method {
        /** Everything that was seen. */
        MIN_MAX,
        /** All but a few of the largest magnitudes. */
        PERCENTILE,
        /** As much as loses least of what the histogram of magnitudes tells. */
        ENTROPY,
        /** As much as moves values least when they are rounded, by the mean square. */
        MSE;

        /** What it is called in files. */
        String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** By a method, as usual. */
    public static Calibration by(Method method) {
        return new Calibration(method, USUAL_IMAGES, USUAL_PERCENTILE);
    }

    /** A method by its name, or a section of settings. */
    public static Calibration read(YamlNode node) {
        if (!node.isMapping()) {
            return by(node.oneOf(Method.class));
        }
        Calibration read = new Calibration(node.find("calibration").map(method -> method.oneOf(Method.class)).orElse(Method.MIN_MAX),
            node.find("images").map(images -> images.integer(1)).orElse(USUAL_IMAGES),
            node.find("percentile").map(percentile -> percentile.number(50, PERCENT)).orElse(USUAL_PERCENTILE));
        node.rejectUnknownKeys();
        return read;
    }

    /**
     * These settings under their names in an experiment file.
     *
     * @param key of the section that has them
     */
    public NamedValues values(String key) {
        return NamedValues.builder().put(key + ".calibration", method.key()).putAll(details(key)).build();
    }

    /** The same without the method. */
    NamedValues details(String key) {
        NamedValues.Builder values = NamedValues.builder().put(key + ".images", images);
        if (method == Method.PERCENTILE) {
            values.put(key + ".percentile", percentile);
        }
        return values.build();
    }

    /** The step of a grid for such values, in parts of its unit; 1 where all of them are zero. */
    float step(Op.Quantize grid, Magnitudes values) {
        double step = switch (method) {
            case MIN_MAX -> grid.signed() ? Math.max(values.most() / grid.most(), values.least() / grid.least()) : values.most() / grid.most();
            case PERCENTILE -> values.quantile(percentile / PERCENT) / grid.most();
            case ENTROPY -> values.leastLoss(grid.most()) / grid.most();
            case MSE -> values.leastError(grid.most()) / grid.most();
        };
        return step > 0 ? (float) (step / grid.unitStep()) : 1;
    }
}

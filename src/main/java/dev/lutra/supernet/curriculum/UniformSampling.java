package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One architecture a step, every gene drawn uniformly from what survives (Guo et al. 2019, SPOS).
 *
 * @param widest of the channel scales; infinite for all of them
 */
record UniformSampling(double widest) implements Sampling {

    private static final double LARGEST_SCALE = 1000;

    static Sampling of(LayeredSettings settings) {
        return new UniformSampling(settings.number("widest", 0, LARGEST_SCALE, Double.POSITIVE_INFINITY));
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return List.of(offered(surviving).draw(new SplittableRandom(moment.stepSeed())));
    }

    @Override
    public Options offered(Options surviving) {
        return Double.isInfinite(widest) ? surviving : surviving.scaledAtMost(widest);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "uniform");
        if (Double.isFinite(widest)) {
            values.put(key + ".widest", widest);
        }
    }
}

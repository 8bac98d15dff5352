package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Options;
import dev.lutra.yaml.LayeredSettings;
import java.util.Locale;

/**
 * What follows is an iteration of its own (Luo et al. 2019, NAO-V2): its learning rate rises and falls anew, and weights start
 * anew, as the paper says, or are kept, as its released code does.
 */
record Independent(Weights weights) implements Transition {

    /** What becomes of the shared weights. */
    enum Weights {
        FRESH, KEPT
    }

    static Transition of(LayeredSettings settings) {
        return new Independent(settings.oneOf("weights", Weights.class, Weights.FRESH));
    }

    @Override
    public Options apply(PhaseEnd end) {
        if (weights == Weights.FRESH) {
            end.weights().forget();
        }
        return end.surviving();
    }

    @Override
    public boolean beginsAnew() {
        return true;
    }

    @Override
    public boolean forgets() {
        return weights == Weights.FRESH;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "independent").put(key + ".weights", weights.name().toLowerCase(Locale.ROOT));
    }
}

package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Options;

/** From here on the angles of weights are counted from what they are now (Hu et al. 2020, whose code replaces the base once). */
record Rebase() implements Transition {

    @Override
    public Options apply(PhaseEnd end) {
        end.weights().rebase();
        return end.surviving();
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "rebase");
    }
}

package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Options;

/** All weights start anew, with the options that survive: what was learned is only who they are. */
record Reinitialise() implements Transition {

    @Override
    public Options apply(PhaseEnd end) {
        end.weights().forget();
        return end.surviving();
    }

    @Override
    public boolean forgets() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "re-initialise");
    }
}

package dev.lutra.supernet.curriculum;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Options;

/** Every option that the phase's path does not take starts from the weights of the one that it takes: {@link Inheritance}. */
record Inherit() implements Transition {

    @Override
    public Options apply(PhaseEnd end) {
        Inheritance.handOn(end.onlyPath().orElseThrow(), end.surviving().space(), end.weights());
        return end.surviving();
    }

    @Override
    public boolean needsOnePath() {
        return true;
    }

    @Override
    public boolean givesFirstValues() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "inherit");
    }
}

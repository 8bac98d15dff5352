package dev.lutra.lowering;

/** A pass that makes a network fitter for use and computes the same. */
@FunctionalInterface
public interface Lowering {

    LoweredNetwork apply(LoweredNetwork before);
}

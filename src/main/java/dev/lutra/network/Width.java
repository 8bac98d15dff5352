package dev.lutra.network;

/**
 * A channel count that may be one of several sharing the same weights.
 *
 * @param active channels of this network, at least 1
 * @param shared channels of the shared tensors that this network uses the first {@code active} of
 */
public record Width(int active, int shared) {

    public Width {
        if (active < 1 || shared < active) {
            throw new IllegalArgumentException("width: " + active + " of " + shared + " (expected: 1 ≤ active ≤ shared)");
        }
    }

    /** A width that no gene changes. */
    public static Width of(int channels) {
        return new Width(channels, channels);
    }

    public boolean isElastic() {
        return active != shared;
    }
}

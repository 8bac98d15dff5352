package dev.lutra.server.training;

import java.util.function.LongSupplier;

/** How fast steps go, and what share of their time they wait for images. What happens between steps does not count. */
final class Pace {

    private static final double NANOS = 1e9;

    private final LongSupplier nanoTime;
    private long begun;
    private long fetched;
    private long waited;
    private long taken;
    private long images;

    Pace(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** A step's images are asked for. */
    void begins() {
        begun = nanoTime.getAsLong();
    }

    /** They are there. */
    void fetched() {
        fetched = nanoTime.getAsLong();
    }

    /** The step is taken. */
    void ends(int imagesOfStep) {
        waited += fetched - begun;
        taken += nanoTime.getAsLong() - begun;
        images += imagesOfStep;
    }

    double imagesPerSecond() {
        return images * NANOS / taken;
    }

    /** From 0 to 1. */
    double waitShare() {
        return (double) waited / taken;
    }

    /** Counts from here on. */
    void anew() {
        waited = 0;
        taken = 0;
        images = 0;
    }
}

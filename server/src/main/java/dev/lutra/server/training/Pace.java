package dev.lutra.server.training;

/** How fast steps go, and what share of their time they wait for images. What happens between steps does not count. */
final class Pace {

    private static final double NANOS = 1e9;

    private long waited;
    private long taken;
    private long images;

    /**
     * A step is taken.
     *
     * @param nanos that it took
     * @param waitedNanos of them for images
     */
    void took(long nanos, long waitedNanos) {
        taken += nanos;
        waited += waitedNanos;
    }

    /** It had so many images. */
    void learned(int imagesOfStep) {
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

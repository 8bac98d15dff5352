package dev.lutra.supernet;

/** Seeds for what is random in a step, so that a step can be taken again without those before it. */
public final class StepSeed {

    /** What the seed is for: equal seeds must not tie together draws that have nothing to do with each other. */
    public static final int PATHS = 1;
    public static final int DROPOUT = 2;
    public static final int TRANSITION = 3;
    public static final int TURNS = 4;
    public static final int POOL = 5;
    public static final int DECISIONS = 6;
    public static final int MIXUP = 7;
    public static final int LEARNER = 8;

    private StepSeed() {}

    public static long of(long seed, long step, int purpose) {
        return mix(mix(mix(seed) + step) + purpose);
    }

    /** The finalizer of SplitMix64 (Steele et al. 2014): every bit of the input changes about half of the output's. */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}

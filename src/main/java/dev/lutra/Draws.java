package dev.lutra;

import java.util.SplittableRandom;

/** Random numbers that follow from what they are for, so that any one can be drawn again without those before it. */
public final class Draws {

    private Draws() {}

    /** A generator for one purpose; close keys give unrelated generators. */
    public static SplittableRandom at(long... keys) {
        long mixed = 0;
        for (long key : keys) {
            mixed = mix(mixed + 0x9E3779B97F4A7C15L + key);
        }
        return new SplittableRandom(mixed);
    }

    /** Shuffles in place (Fisher and Yates). */
    public static void shuffle(int[] values, SplittableRandom random) {
        for (int i = values.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int value = values[i];
            values[i] = values[other];
            values[other] = value;
        }
    }

    /** Stafford's mix 13 of MurmurHash3's finalizer: every input bit changes every output bit about half the time. */
    private static long mix(long key) {
        long z = (key ^ (key >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}

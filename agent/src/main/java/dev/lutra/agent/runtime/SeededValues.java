package dev.lutra.agent.runtime;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The numbers that a seed stands for ({@code ModelInput.random_seed}), as many as this process has drawn so far: its models mostly
 * ask for the same ones, and drawing an image of 224² took as long as a dozen runs. Given as copies, because where an input lies is
 * part of what differs from session to session: with one place for a whole process, segments with large inputs repeated
 * beautifully within it and differed by up to 7 % between tables that were measured minutes apart.
 */
final class SeededValues {

    private static final Map<Long, SeededValues> BY_SEED = new ConcurrentHashMap<>();

    private final Random random;
    private float[] drawn = {};

    private SeededValues(long seed) {
        this.random = new Random(seed);
    }

    /** Fills a buffer with a seed's first numbers. */
    static void fill(FloatBuffer values, long seed) {
        BY_SEED.computeIfAbsent(seed, SeededValues::new).fill(values);
    }

    private synchronized void fill(FloatBuffer values) {
        int known = drawn.length;
        if (values.remaining() > known) {
            drawn = Arrays.copyOf(drawn, values.remaining());
            for (int i = known; i < drawn.length; i++) {
                drawn[i] = (float) random.nextGaussian();
            }
        }
        values.put(drawn, 0, values.remaining());
    }
}

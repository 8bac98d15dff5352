package dev.lutra.supernet;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;

/**
 * How many threads libtorch splits an op over. The number decides the order of sums, so results follow from it. It is each thread's
 * own once it was set there; a thread that computes without having set it takes the number that was set last, anywhere.
 */
public final class IntraOpThreads {

    /** As the engine was started: the system property {@code ai.djl.pytorch.num_threads}, or the processor's cores. */
    private static final int CONFIGURED = configured();

    private IntraOpThreads() {}

    private static int configured() {
        Engine.getInstance(); // sets it from the system property
        return JniUtils.getNumThreads();
    }

    /** From now on this thread computes as the program was configured to. */
    public static void useConfigured() {
        use(CONFIGURED);
    }

    /** From now on this thread computes alone. */
    public static void useOne() {
        use(1);
    }

    private static void use(int threads) {
        JniUtils.getNumThreads(); // a thread's first call takes over what others have set, and would undo a number set before it
        JniUtils.setNumThreads(threads);
    }
}

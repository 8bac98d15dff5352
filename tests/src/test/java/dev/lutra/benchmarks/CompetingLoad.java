package dev.lutra.benchmarks;

import java.util.Random;

/**
 * A job of somebody else: threads that compute on more memory than caches hold, switched on and off at random until the process is
 * ended, an hour at most. Arguments: threads, seconds on and seconds off on average, seed. Prints when it is switched.
 */
public final class CompetingLoad {

    private static final int DOUBLES = 8 << 20; // 64 MiB a thread
    private static final long LONGEST_NANOS = 3_600_000_000_000L;

    private CompetingLoad() {}

    public static void main(String[] arguments) throws InterruptedException {
        int threads = Integer.parseInt(arguments[0]);
        double on = Double.parseDouble(arguments[1]);
        double off = Double.parseDouble(arguments[2]);
        Random random = new Random(Long.parseLong(arguments[3]));
        double[][] data = new double[threads][DOUBLES];
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < LONGEST_NANOS) {
            Thread.sleep(millis(off, random));
            long millis = millis(on, random);
            System.out.printf("%.1f s: on for %.1f s%n", (System.nanoTime() - begin) / 1e9, millis / 1e3);
            compete(data, System.nanoTime() + millis * 1_000_000);
        }
    }

    /** Between a half and three halves of the average. */
    private static long millis(double seconds, Random random) {
        return Math.round(1000 * seconds * (0.5 + random.nextDouble()));
    }

    private static void compete(double[][] data, long untilNanos) throws InterruptedException {
        Thread[] threads = new Thread[data.length];
        for (int i = 0; i < threads.length; i++) {
            double[] own = data[i];
            threads[i] = new Thread(() -> {
                while (System.nanoTime() < untilNanos) {
                    for (int j = 0; j < own.length; j++) {
                        own[j] = Math.fma(own[j], 0.999, j);
                    }
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }
}

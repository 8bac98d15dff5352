package dev.lutra.search.surrogate;

/** The standard normal distribution. */
final class Normal {

    private static final double[] NUMERATOR = {0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383,
        112.079291497871, 221.213596169931, 220.206867912376};
    private static final double[] DENOMINATOR = {0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461,
        296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752};
    private static final double FAR = 7.07106781186547;
    private static final double ROOT_OF_TWO_PI = 2.506628274631;

    private Normal() {}

    /** The chance of less than a value, to double precision in the tails too (Hart 1968, algorithm 5666). */
    static double below(double value) {
        double size = Math.abs(value);
        double tail = size > 37
            ? 0
            : Math.exp(-size * size / 2) * (size < FAR
                ? polynomial(NUMERATOR, size) / polynomial(DENOMINATOR, size)
                : 1 / (ROOT_OF_TWO_PI * (size + 1 / (size + 2 / (size + 3 / (size + 4 / (size + 0.65)))))));
        return value > 0 ? 1 - tail : tail;
    }

    private static double polynomial(double[] coefficients, double at) {
        double sum = 0;
        for (double coefficient : coefficients) {
            sum = sum * at + coefficient;
        }
        return sum;
    }
}

package dev.lutra.ranking;

import org.apache.commons.math3.stat.correlation.KendallsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/** Agreement of two orders: 1 for the same, −1 for the reverse. */
public final class RankCorrelation {

    private RankCorrelation() {}

    /**
     * Tau-b (Kendall 1945), ties taken into account.
     *
     * @return NaN for fewer than two values, or where one side has only ties
     */
    public static double kendall(double[] a, double[] b) {
        return a.length < 2 ? Double.NaN : new KendallsCorrelation().correlation(a, b);
    }

    /**
     * Rho (Spearman 1904), equal values having their mean rank.
     *
     * @return NaN for fewer than two values, or where one side has only ties
     */
    public static double spearman(double[] a, double[] b) {
        return a.length < 2 ? Double.NaN : new SpearmansCorrelation().correlation(a, b);
    }
}

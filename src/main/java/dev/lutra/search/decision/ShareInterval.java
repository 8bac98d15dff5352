package dev.lutra.search.decision;

/**
 * Where a share of images lies in 95 of 100 draws of as many others: Wilson's score interval of a binomial share (Wilson 1927).
 *
 * @param low from 0
 * @param high to 1
 */
public record ShareInterval(double low, double high) {

    private static final double QUANTILE = 1.959964;

    /**
     * Of a share of so many images.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static ShareInterval of(double share, long images) {
        if (images < 1) {
            throw new IllegalArgumentException("images: " + images + " (expected: at least 1)");
        }
        double square = QUANTILE * QUANTILE / images;
        double middle = (share + square / 2) / (1 + square);
        double reach = QUANTILE * Math.sqrt(share * (1 - share) / images + square / (4 * images)) / (1 + square);
        return new ShareInterval(Math.max(0, middle - reach), Math.min(1, middle + reach));
    }

    /** Whether another interval has some of this one: what they are of may be equal. */
    public boolean overlaps(ShareInterval other) {
        return low <= other.high && other.low <= high;
    }
}

package dev.lutra.supernet.evaluation;

/**
 * What a network got right of one class.
 *
 * @param images that are of the class
 * @param given images that it was given as the answer to
 * @param right both
 */
public record ClassHits(int images, int given, int right) {

    /** Share of the class's images that are recognised; not a number where there are none. */
    public double recall() {
        return (double) right / images;
    }

    /** Share of the images with this answer that are of the class; not a number where there are none. */
    public double precision() {
        return (double) right / given;
    }

    /** Harmonic mean of both, 0 where nothing is right. */
    double f1() {
        return 2.0 * right / (images + given);
    }

    ClassHits plus(ClassHits other) {
        return new ClassHits(images + other.images, given + other.given, right + other.right);
    }
}

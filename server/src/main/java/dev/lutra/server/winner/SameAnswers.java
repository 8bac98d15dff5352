package dev.lutra.server.winner;

import dev.lutra.supernet.evaluation.Hits;

/** Counts how alike two answer to the same images: a network as it was judged, and its file. */
final class SameAnswers {

    private Hits expected = Hits.NONE;
    private Hits found = Hits.NONE;
    private int alike;
    private long values;
    private double moved;
    private double lowest = Double.POSITIVE_INFINITY;
    private double highest = Double.NEGATIVE_INFINITY;

    /**
     * Adds some images.
     *
     * @param network what the network answers, row-major: images, then classes
     * @param file what the file does
     */
    void add(float[] network, float[] file, int[] labels) {
        expected = expected.plus(Hits.of(network, labels));
        found = found.plus(Hits.of(file, labels));
        int classes = network.length / labels.length;
        for (int image = 0; image < labels.length; image++) {
            alike += highest(network, image * classes, classes) == highest(file, image * classes, classes) ? 1 : 0;
        }
        for (int i = 0; i < network.length; i++) {
            moved += Math.abs(network[i] - file[i]);
            lowest = Math.min(lowest, network[i]);
            highest = Math.max(highest, network[i]);
        }
        values += network.length;
    }

    private static int highest(float[] logits, int start, int classes) {
        int highest = 0;
        for (int i = 1; i < classes; i++) {
            if (logits[start + i] > logits[start + highest]) {
                highest = i;
            }
        }
        return highest;
    }

    /** What the network gets right, 0 to 1. */
    double expectedTop1() {
        return expected.top1();
    }

    /** What the file gets right, 0 to 1. */
    double top1() {
        return found.top1();
    }

    /** Share of the images to which both give the same class. */
    double alike() {
        return (double) alike / found.images();
    }

    /** Mean absolute difference of the outputs, relative to their range over all images. */
    double difference() {
        return highest > lowest ? moved / values / (highest - lowest) : 0;
    }
}

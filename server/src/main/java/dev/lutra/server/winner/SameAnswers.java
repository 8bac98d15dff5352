package dev.lutra.server.winner;

import dev.lutra.data.Shown;
import dev.lutra.supernet.evaluation.Hits;
import java.util.stream.IntStream;

/** Counts how alike two answer to the same images: a network as it was judged, and its file. */
final class SameAnswers {

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
     * @param shown what they show
     * @param threshold where they may show several classes, the sigmoid of an output from which on it answers that they show the class
     */
    void add(float[] network, float[] file, Shown shown, double threshold) {
        found = found.plus(Hits.of(file, shown, threshold));
        int classes = network.length / shown.size();
        double least = Hits.least(threshold);
        for (int image = 0; image < shown.size(); image++) {
            int start = image * classes;
            boolean isSame = shown instanceof Shown.One
                ? Hits.highest(network, start, classes).equals(Hits.highest(file, start, classes))
                : IntStream.range(start, start + classes).allMatch(i -> network[i] >= least == file[i] >= least);
            alike += isSame ? 1 : 0;
        }
        for (int i = 0; i < network.length; i++) {
            moved += Math.abs(network[i] - file[i]);
            lowest = Math.min(lowest, network[i]);
            highest = Math.max(highest, network[i]);
        }
        values += network.length;
    }

    /** Accuracy of the file, 0 to 1. */
    double found() {
        return found.accuracy();
    }

    /** Share of the images to which both give the same class, or the same classes. */
    double alike() {
        return (double) alike / found.images();
    }

    /** Mean absolute difference of the outputs, relative to their range over all images. */
    double difference() {
        return highest > lowest ? moved / values / (highest - lowest) : 0;
    }
}

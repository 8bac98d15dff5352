package dev.lutra.latency.correction;

import dev.lutra.proto.CorrectionVariances;

/**
 * The ways in which whole networks differ from their sum of segments, each with a variance of its own: a Gaussian prior whose
 * covariance between two segments is the sum over the parts. What is close under a part moves together, so that a few
 * networks teach something about segments that none of them contained.
 */
public enum CorrectionPart {

    /** Every network takes so much longer, relative to the median network. */
    BIAS(-4) {
        @Override
        double covariance(Member a, Member b) {
            throw new IllegalStateException("the bias is of networks, not of segments");
        }
    },

    /** All entries are too small by one factor. */
    SCALE(-2) {
        @Override
        double covariance(Member a, Member b) {
            return a.size() * b.size();
        }
    },

    /** Every occurrence of a kind of op takes so much longer, relative to the mean op: launches, fusion, depth. */
    OPS(-2.4) {
        @Override
        double covariance(Member a, Member b) {
            return a.traits().sharedOps(b.traits()) * a.opSize() * b.opSize();
        }
    },

    /** Entries of similar shape are too small by a similar factor. */
    SHAPE(-4) {
        @Override
        double covariance(Member a, Member b) {
            return a.size() * b.size() * similarity(a, b);
        }
    },

    /** Entries of the same ops in similar shape are too small by a similar factor. */
    FAMILY(-4) {
        @Override
        double covariance(Member a, Member b) {
            return a.traits().family().equals(b.traits().family()) ? a.size() * b.size() * similarity(a, b) : 0;
        }
    },

    /** One entry is too small by a factor of its own. */
    SEGMENT(-5) {
        @Override
        double covariance(Member a, Member b) {
            return a.key().equals(b.key()) ? a.size() * b.size() : 0;
        }
    },

    /** One network differs in ways that its segments do not explain, relative to its latency. */
    NETWORK(-8) {
        @Override
        double covariance(Member a, Member b) {
            throw new IllegalStateException("what remains is of networks, not of segments");
        }
    };

    /** Two octaves apart in shape, segments share e^-1/2 of what their shape makes them differ by. */
    private static final double OCTAVES = 2;

    /**
     * A segment in the units of a correction.
     *
     * @param size its entry, scaled as the median network is, relative to the median network
     * @param opSize of the mean op, relative to the median network
     */
    record Member(String key, double size, double opSize, SegmentTraits traits) {}

    private final double usualLogVariance;

    CorrectionPart(double usualLogVariance) {
        this.usualLogVariance = usualLogVariance;
    }

    /** Where the search for the part's variance begins and, without networks that say otherwise, ends. */
    double usualLogVariance() {
        return usualLogVariance;
    }

    abstract double covariance(Member a, Member b);

    boolean isOfSegments() {
        return this != BIAS && this != NETWORK;
    }

    private static double similarity(Member a, Member b) {
        return a.key().equals(b.key()) ? 1 : Math.exp(-a.traits().distanceSquared(b.traits()) / (2 * OCTAVES * OCTAVES));
    }

    /** Its variance among those of a correction. */
    public double in(CorrectionVariances variances) {
        return switch (this) {
            case BIAS -> variances.getBias();
            case SCALE -> variances.getScale();
            case OPS -> variances.getOps();
            case SHAPE -> variances.getShape();
            case FAMILY -> variances.getFamily();
            case SEGMENT -> variances.getSegment();
            case NETWORK -> variances.getNetwork();
        };
    }

    /** Variances from their logarithms, in the order of the parts. */
    static CorrectionVariances variances(double[] logarithms) {
        return CorrectionVariances.newBuilder()
            .setBias(Math.exp(logarithms[BIAS.ordinal()]))
            .setScale(Math.exp(logarithms[SCALE.ordinal()]))
            .setOps(Math.exp(logarithms[OPS.ordinal()]))
            .setShape(Math.exp(logarithms[SHAPE.ordinal()]))
            .setFamily(Math.exp(logarithms[FAMILY.ordinal()]))
            .setSegment(Math.exp(logarithms[SEGMENT.ordinal()]))
            .setNetwork(Math.exp(logarithms[NETWORK.ordinal()]))
            .build();
    }

    static CorrectionVariances usualVariances() {
        double[] logarithms = new double[values().length];
        for (CorrectionPart part : values()) {
            logarithms[part.ordinal()] = part.usualLogVariance;
        }
        return variances(logarithms);
    }
}

package dev.lutra.supernet.superkernel;

import dev.lutra.network.RandomWeights;
import dev.lutra.network.SharedTensor;

/** The unit in which the L2 norm of a part of a kernel is held against its threshold. */
enum Norm {
    /**
     * The norm that the part's first values have on average. All thresholds then have one way to go, of length 1 or so, whatever the
     * number of channels: the sigmoid whose gradient moves them is flat at the norms of wide layers (its slope at 11, the
     * first norm of the ring of a 5×5 kernel of 96 channels, is 2e-5).
     */
    RELATIVE {
        @Override
        double square(SharedTensor tensor, long values) {
            double deviation = RandomWeights.deviation(tensor.dims());
            return values * deviation * deviation;
        }
    },
    /** 1: the norm itself, as published. */
    L2 {
        @Override
        double square(SharedTensor tensor, long values) {
            return 0;
        }
    };

    /** The square that a part of so many values of a tensor adds to that of the unit. */
    abstract double square(SharedTensor tensor, long values);

    /** The unit, given the sum of the {@linkplain #square squares} of all that the norm is of. */
    double unit(double squares) {
        return this == L2 ? 1 : Math.sqrt(squares);
    }
}

package dev.lutra.cost;

import dev.lutra.network.Op;

/**
 * Multiply-accumulates of convolutions and linear layers (K0), which every other rule adds to. The nested classes are
 * the rules of published tools; the letters are those of the counting conventions that people compare.
 */
class MacCount extends OpCount {

    @Override
    public Long conv(Op.Conv op) {
        return op.weight().elements() * op.output().shape().height() * op.output().shape().width();
    }

    @Override
    public Long linear(Op.Linear op) {
        return op.weight().elements();
    }

    static long convBias(Op.Conv op) {
        return op.bias().isPresent() ? op.output().shape().elements() : 0;
    }

    /** K1, MXNet's FLOP script: bias adds, and pooling by the elements it reads (its window for every output). */
    static final class Mxnet extends MacCount {
        @Override
        public Long conv(Op.Conv op) {
            return super.conv(op) + convBias(op);
        }

        @Override
        public Long linear(Op.Linear op) {
            return super.linear(op) + (op.bias().isPresent() ? op.output().shape().elements() : 0);
        }

        @Override
        public Long pool(Op.Pool op) {
            return op.output().shape().elements() * op.kernel() * op.kernel();
        }

        @Override
        public Long globalPool(Op.GlobalPool op) {
            return op.input().shape().elements();
        }
    }

    /** K2, mmcv's {@code get_model_complexity_info}: bias adds of convolutions, batch norm, ReLU and ReLU6, pooling. */
    static final class Mmcv extends MacCount {
        @Override
        public Long conv(Op.Conv op) {
            return super.conv(op) + convBias(op);
        }

        @Override
        public Long batchNorm(Op.BatchNorm op) {
            return 2 * op.output().shape().elements();
        }

        @Override
        public Long activation(Op.Activation op) {
            return switch (op.function()) {
                case RELU, RELU6 -> op.output().shape().elements();
                case HARD_SWISH, HARD_SIGMOID, SWISH, SIGMOID -> 0L;
            };
        }

        @Override
        public Long pool(Op.Pool op) {
            return op.input().shape().elements();
        }

        @Override
        public Long globalPool(Op.GlobalPool op) {
            return op.input().shape().elements();
        }
    }

    /** K3, AngleNAS's bundled thop: linear layers as multiplications and additions, a bias once for every input channel. */
    static final class BundledThop extends MacCount {
        @Override
        public Long conv(Op.Conv op) {
            return super.conv(op) + convBias(op) * op.weight().dims().get(1);
        }

        @Override
        public Long linear(Op.Linear op) {
            long out = op.output().shape().elements();
            return 2 * op.weight().elements() - out;
        }
    }

    /** K4, thop as FairNAS's figures with squeeze-excite were counted, by two of its versions. */
    static final class Thop extends MacCount {
        private final int batchNormFactor;
        private final int linearFactor;

        /**
         * @param batchNormFactor operations for every element of a batch norm
         * @param linearFactor operations for every weight of a linear layer
         */
        Thop(int batchNormFactor, int linearFactor) {
            this.batchNormFactor = batchNormFactor;
            this.linearFactor = linearFactor;
        }

        @Override
        public Long conv(Op.Conv op) {
            return super.conv(op) + convBias(op);
        }

        @Override
        public Long linear(Op.Linear op) {
            return linearFactor * super.linear(op);
        }

        @Override
        public Long batchNorm(Op.BatchNorm op) {
            return batchNormFactor * op.output().shape().elements();
        }

        @Override
        public Long globalPool(Op.GlobalPool op) {
            return op.input().shape().elements() + op.output().shape().elements();
        }
    }

    /** K5, mobile-vision's counter of 2020: global pooling by the elements it reads. */
    static final class MobileVision extends MacCount {
        @Override
        public Long globalPool(Op.GlobalPool op) {
            return op.input().shape().elements();
        }
    }

    /**
     * BitOps of SPOS's third search: multiply-accumulates times the bits of both factors, of all convolutions but the one that reads the
     * image. What is not quantized multiplies 32 bits by 32. Published figures are divided by 2^30.
     */
    static final class BitOps extends MacCount {
        @Override
        public Long conv(Op.Conv op) {
            return op.input().isImage() ? 0 : super.conv(op) * op.bits().product();
        }

        @Override
        public Long linear(Op.Linear op) {
            return 0L;
        }
    }
}

package dev.lutra.cost;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.OpVisitor;
import dev.lutra.network.Shape;
import dev.lutra.network.Weight;
import java.util.List;
import java.util.Optional;

/**
 * Counts and score of the MicroNet challenge (2019, ImageNet track), as the OneShot-S+ entry applied them (K7).
 *
 * <p>Multiplications and additions count apart. Batch norm is folded away and costs nothing. A channel shuffle is a 1×1
 * convolution of which all but one weight a row are zero, stored with a bit mask. The product of squeeze-excite costs
 * nothing, as in the entry's published table.
 *
 * @param quantizable what int8 makes smaller: convolutions, linear layers, ReLU
 * @param rest everything else
 */
public record MicroNet(Part quantizable, Part rest) {

    private static final double BASE_PARAMS = 6.9e6; // MobileNetV2 at width 1.4
    private static final double BASE_OPERATIONS = 1170e6;
    private static final int STORED_BITS = 16; // the entry's parameters are 16 bits, which is what a mask bit compares to

    /** What the network is stored and run in. */
    public enum Precision {
        FLOAT32, FLOAT16, INT8
    }

    /**
     * Counts of some ops.
     *
     * @param weights stored values
     * @param maskBits bits that say which values of sparse matrices are stored
     */
    public record Part(long multiplications, long additions, long weights, long maskBits) {

        static final Part NONE = new Part(0, 0, 0, 0);

        public long operations() {
            return multiplications + additions;
        }

        /** Stored values, mask bits included as parts of a value. */
        public double params() {
            return weights + (double) maskBits / STORED_BITS;
        }

        Part plus(Part other) {
            return new Part(multiplications + other.multiplications, additions + other.additions, weights + other.weights,
                maskBits + other.maskBits);
        }
    }

    public static MicroNet of(Network network) {
        return of(network.ops());
    }

    public static MicroNet of(List<Op> ops) {
        Part quantizable = Part.NONE;
        Part rest = Part.NONE;
        Counter counter = new Counter();
        for (Op op : ops) {
            Part part = op.accept(counter);
            if (isQuantizable(op)) {
                quantizable = quantizable.plus(part);
            } else {
                rest = rest.plus(part);
            }
        }
        return new MicroNet(quantizable, rest);
    }

    private static boolean isQuantizable(Op op) {
        return op instanceof Op.Conv || op instanceof Op.Linear
            || op instanceof Op.Activation activation && isRelu(activation.function());
    }

    private static boolean isRelu(Function function) {
        return function == Function.RELU || function == Function.RELU6;
    }

    public Part total() {
        return quantizable.plus(rest);
    }

    /**
     * The challenge's score: parameters and operations, each in parts of MobileNetV2 at width 1.4. Lower is better.
     * Half precision halves parameters and multiplications; int8 quarters all of what can be quantized.
     */
    public double score(Precision precision) {
        Part all = total();
        return switch (precision) {
            case FLOAT32 -> score(all.params(), all.operations());
            case FLOAT16 -> score(all.params() / 2, all.multiplications() / 2.0 + all.additions());
            case INT8 -> score(quantizable.params() / 4 + rest.params(), quantizable.operations() / 4.0 + rest.operations());
        };
    }

    private static double score(double params, double operations) {
        return params / BASE_PARAMS + operations / BASE_OPERATIONS;
    }

    private static final class Counter implements OpVisitor<Part> {

        @Override
        public Part conv(Op.Conv op) {
            return products(op.weight(), op.bias(), op.output().shape());
        }

        @Override
        public Part linear(Op.Linear op) {
            return products(op.weight(), op.bias(), op.output().shape());
        }

        /** Every output is the product of two vectors: n multiplications, n − 1 additions, one more for a bias. */
        private static Part products(Weight weight, Optional<Weight> bias, Shape out) {
            long length = weight.elements() / out.channels();
            long additions = (length - (bias.isPresent() ? 0 : 1)) * out.elements();
            return new Part(length * out.elements(), additions, weight.elements() + bias.map(Weight::elements).orElse(0L), 0);
        }

        @Override
        public Part batchNorm(Op.BatchNorm op) {
            return Part.NONE;
        }

        @Override
        public Part activation(Op.Activation op) {
            return switch (op.function()) {
                case RELU, RELU6 -> elementwise(1, 0, op);
                case SWISH -> elementwise(3, 1, op);
                case SIGMOID -> elementwise(2, 1, op);
                // x + 3, clip (2 in the published table), division; hard-swish multiplies by x
                case HARD_SIGMOID -> elementwise(3, 1, op);
                case HARD_SWISH -> elementwise(4, 1, op);
            };
        }

        private static Part elementwise(int multiplications, int additions, Op op) {
            long elements = op.output().shape().elements();
            return new Part(multiplications * elements, additions * elements, 0, 0);
        }

        @Override
        public Part pool(Op.Pool op) {
            long outputs = op.output().shape().elements();
            long window = (long) op.kernel() * op.kernel();
            return switch (op.kind()) {
                case AVERAGE -> new Part(outputs, (window - 1) * outputs, 0, 0);
                case MAX -> Part.NONE; // the challenge charges no comparisons
            };
        }

        @Override
        public Part globalPool(Op.GlobalPool op) {
            long outputs = op.output().shape().elements();
            return new Part(outputs, op.input().shape().elements() - outputs, 0, 0);
        }

        @Override
        public Part channelSlice(Op.ChannelSlice op) {
            return op.step() == 1 ? Part.NONE : permutation(op.input().shape().channels(), op.output().shape());
        }

        @Override
        public Part channelShuffle(Op.ChannelShuffle op) {
            return permutation(op.input().shape().channels(), op.output().shape());
        }

        /** Rows of a permutation matrix as a sparse 1×1 convolution: one weight a row. */
        private static Part permutation(int in, Shape out) {
            return new Part(out.elements(), 0, out.channels(), (long) in * out.channels());
        }

        @Override
        public Part concat(Op.Concat op) {
            return Part.NONE;
        }

        @Override
        public Part add(Op.Add op) {
            return elementwise(0, 1, op);
        }

        @Override
        public Part channelScale(Op.ChannelScale op) {
            return Part.NONE;
        }

        @Override
        public Part flatten(Op.Flatten op) {
            return Part.NONE;
        }

        @Override
        public Part dropout(Op.Dropout op) {
            return Part.NONE;
        }

        @Override
        public Part head(Op.Head op) {
            return Part.NONE;
        }

        @Override
        public Part quantize(Op.Quantize op) {
            return Part.NONE;
        }
    }
}

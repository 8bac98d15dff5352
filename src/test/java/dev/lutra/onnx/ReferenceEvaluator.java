package dev.lutra.onnx;

import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.OpVisitor;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.WeightSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What a network computes, written as plainly as its ops are documented: loops over doubles, batch first. */
final class ReferenceEvaluator implements OpVisitor<double[]> {

    private final WeightSource weights;
    private final int batch;
    private final Map<Value, double[]> values;

    private ReferenceEvaluator(WeightSource weights, int batch, Map<Value, double[]> inputs) {
        this.weights = weights;
        this.batch = batch;
        this.values = new HashMap<>(inputs);
    }

    /** Every value of a network, given those of its inputs. */
    static Map<Value, double[]> run(Network network, WeightSource weights, int batch, Map<Value, double[]> inputs) {
        ReferenceEvaluator evaluator = new ReferenceEvaluator(weights, batch, inputs);
        for (Op op : network.ops()) {
            evaluator.values.put(op.output(), op.accept(evaluator));
        }
        return evaluator.values;
    }

    /** One entry of an output, given where it is. */
    private interface Entry {
        double at(int n, int c, int y, int x);
    }

    private double[] fill(Shape shape, Entry entry) {
        double[] out = new double[Math.toIntExact(batch * shape.elements())];
        int i = 0;
        for (int n = 0; n < batch; n++) {
            for (int c = 0; c < shape.channels(); c++) {
                for (int y = 0; y < shape.height(); y++) {
                    for (int x = 0; x < shape.width(); x++) {
                        out[i++] = entry.at(n, c, y, x);
                    }
                }
            }
        }
        return out;
    }

    private double get(Value value, int n, int c, int y, int x) {
        Shape s = value.shape();
        return values.get(value)[((n * s.channels() + c) * s.height() + y) * s.width() + x];
    }

    private static boolean inside(Value value, int y, int x) {
        return y >= 0 && x >= 0 && y < value.shape().height() && x < value.shape().width();
    }

    @Override
    public double[] conv(Op.Conv op) {
        float[] w = weights.read(op.weight());
        float[] b = op.bias().map(weights::read).orElse(new float[op.output().shape().channels()]);
        int inGroup = op.weight().dims().get(1);
        int outGroup = op.output().shape().channels() / op.groups();
        return fill(op.output().shape(), (n, o, y, x) -> {
            double sum = b[o];
            for (int i = 0; i < inGroup; i++) {
                int channel = o / outGroup * inGroup + i;
                for (int ky = 0; ky < op.kernel(); ky++) {
                    for (int kx = 0; kx < op.kernel(); kx++) {
                        int iy = y * op.stride() + ky * op.dilation() - op.padding();
                        int ix = x * op.stride() + kx * op.dilation() - op.padding();
                        if (inside(op.input(), iy, ix)) {
                            double weight = w[((o * inGroup + i) * op.kernel() + ky) * op.kernel() + kx];
                            sum += weight * get(op.input(), n, channel, iy, ix);
                        }
                    }
                }
            }
            return sum;
        });
    }

    @Override
    public double[] linear(Op.Linear op) {
        float[] w = weights.read(op.weight());
        float[] b = op.bias().map(weights::read).orElse(new float[op.output().shape().channels()]);
        int in = op.input().shape().channels();
        return fill(op.output().shape(), (n, o, y, x) -> {
            double sum = b[o];
            for (int i = 0; i < in; i++) {
                sum += w[o * in + i] * get(op.input(), n, i, 0, 0);
            }
            return sum;
        });
    }

    @Override
    public double[] batchNorm(Op.BatchNorm op) {
        float[] scale = weights.read(op.scale());
        float[] shift = weights.read(op.shift());
        float[] mean = weights.read(op.runningMean());
        float[] variance = weights.read(op.runningVariance());
        return fill(op.output().shape(),
            (n, c, y, x) -> (get(op.input(), n, c, y, x) - mean[c]) / Math.sqrt(variance[c] + op.epsilon()) * scale[c] + shift[c]);
    }

    @Override
    public double[] activation(Op.Activation op) {
        return Arrays.stream(values.get(op.input())).map(x -> switch (op.function()) {
            case RELU -> Math.max(x, 0);
            case RELU6 -> Math.min(Math.max(x, 0), 6);
            case HARD_SIGMOID -> Math.min(Math.max(x + 3, 0), 6) / 6;
            case HARD_SWISH -> x * Math.min(Math.max(x + 3, 0), 6) / 6;
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case SWISH -> x / (1 + Math.exp(-x));
        }).toArray();
    }

    @Override
    public double[] pool(Op.Pool op) {
        return fill(op.output().shape(), (n, c, y, x) -> {
            double max = Double.NEGATIVE_INFINITY;
            double sum = 0;
            int count = 0;
            for (int ky = 0; ky < op.kernel(); ky++) {
                for (int kx = 0; kx < op.kernel(); kx++) {
                    int iy = y * op.stride() + ky - op.padding();
                    int ix = x * op.stride() + kx - op.padding();
                    if (inside(op.input(), iy, ix)) {
                        max = Math.max(max, get(op.input(), n, c, iy, ix));
                        sum += get(op.input(), n, c, iy, ix);
                        count++;
                    }
                }
            }
            return op.kind() == Op.Pool.Kind.MAX ? max : sum / count;
        });
    }

    @Override
    public double[] globalPool(Op.GlobalPool op) {
        Shape in = op.input().shape();
        return fill(op.output().shape(), (n, c, y, x) -> {
            double sum = 0;
            for (int iy = 0; iy < in.height(); iy++) {
                for (int ix = 0; ix < in.width(); ix++) {
                    sum += get(op.input(), n, c, iy, ix);
                }
            }
            return sum / (in.height() * in.width());
        });
    }

    @Override
    public double[] channelSlice(Op.ChannelSlice op) {
        return fill(op.output().shape(), (n, c, y, x) -> get(op.input(), n, op.start() + c * op.step(), y, x));
    }

    @Override
    public double[] channelShuffle(Op.ChannelShuffle op) {
        int perGroup = op.output().shape().channels() / op.groups();
        return fill(op.output().shape(), (n, c, y, x) -> get(op.input(), n, c % op.groups() * perGroup + c / op.groups(), y, x));
    }

    @Override
    public double[] concat(Op.Concat op) {
        return fill(op.output().shape(), (n, c, y, x) -> {
            int channel = c;
            for (Value part : op.inputs()) {
                if (channel < part.shape().channels()) {
                    return get(part, n, channel, y, x);
                }
                channel -= part.shape().channels();
            }
            throw new IllegalStateException(op.name() + " has no channel " + c);
        });
    }

    @Override
    public double[] add(Op.Add op) {
        return fill(op.output().shape(), (n, c, y, x) -> get(op.left(), n, c, y, x) + get(op.right(), n, c, y, x));
    }

    @Override
    public double[] channelScale(Op.ChannelScale op) {
        return fill(op.output().shape(), (n, c, y, x) -> get(op.input(), n, c, y, x) * get(op.factor(), n, c, 0, 0));
    }

    @Override
    public double[] flatten(Op.Flatten op) {
        return values.get(op.input());
    }

    @Override
    public double[] dropout(Op.Dropout op) {
        return values.get(op.input());
    }

    @Override
    public double[] head(Op.Head op) {
        throw new UnsupportedOperationException("a graph of somebody else's");
    }

    @Override
    public double[] quantize(Op.Quantize op) {
        double step = (float) (weights.read(op.step())[0] * op.unitStep());
        return Arrays.stream(values.get(op.input()))
            .map(x -> Math.max(op.least(), Math.min(op.most(), Math.rint(x / step))) * step).toArray();
    }
}

package dev.lutra.supernet.transfer;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.lutra.data.Batches;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Value;
import dev.lutra.network.Weight;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.weights.TensorArchive;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Batch norm for a network whose batch norm had become part of its convolutions: scale and shift with which normalising by a batch's own mean
 * and variance changes nothing, on average over images. A folded convolution gives {@code x + shift'}; normalised it is
 * {@code (x − mean) / √(variance + ε) · scale + shift}, so that {@code scale = √(variance + ε)} and {@code shift = shift' + mean}.
 */
final class FoldedBatchNorm implements Normalizer {

    private final Map<Value, String> biases = new HashMap<>();
    private final TensorArchive folded;
    /** Sums over batches of the channels' mean and variance. */
    private final Map<Op.BatchNorm, double[][]> sums = new LinkedHashMap<>();
    private final Network network;
    private int batches;

    private FoldedBatchNorm(Network network, TensorArchive folded) {
        this.network = network;
        this.folded = folded;
        for (Op op : network.ops()) {
            if (op instanceof Op.Conv || op instanceof Op.Linear) {
                biases.put(op.output(), bias(op).map(bias -> bias.tensor().name()).orElse(op.name() + ".bias"));
            }
        }
    }

    /** Whether a file of a network has batch norm in its convolutions. */
    static boolean isIn(Network network, TensorArchive file) {
        return network.ops().stream().filter(Op.BatchNorm.class::isInstance).map(Op.BatchNorm.class::cast)
            .anyMatch(norm -> !file.names().contains(norm.scale().tensor().name()));
    }

    /**
     * Scale and shift, and zeros in the place of the convolutions' own biases, by the names of the tensors.
     *
     * @param network as it was before it was folded
     * @param folded its weights now
     * @param images that it is measured on, at least one batch
     */
    static Map<String, float[]> measured(Network network, TensorArchive folded, Batches images, Device device) {
        FoldedBatchNorm norms = new FoldedBatchNorm(network, folded);
        try (NDManager manager = NDManager.newBaseManager(device)) {
            Map<Weight, NDArray> values = new HashMap<>();
            Parameters parameters = weight -> values.computeIfAbsent(weight, one -> norms.value(one, manager));
            while (images.hasNext()) {
                try (NDManager pass = manager.newSubManager()) {
                    Forward.inference(network, parameters, norms, Images.of(images.next(), pass));
                    norms.batches++;
                }
            }
        }
        return norms.tensors();
    }

    /** Batch norm has only what the file kept of it, the bias. */
    private NDArray value(Weight weight, NDManager manager) {
        long[] dims = weight.dims().stream().mapToLong(Integer::longValue).toArray();
        String name = weight.tensor().name();
        Role role = weight.tensor().role();
        boolean isOfFile = role != Role.NORM_SCALE && role != Role.NORM_SHIFT && (role != Role.BIAS || !goesIntoBatchNorm(name));
        return isOfFile ? manager.create(folded.read(name, role), new Shape(dims)) : manager.zeros(new Shape(dims));
    }

    private boolean goesIntoBatchNorm(String bias) {
        return network.ops().stream().filter(Op.BatchNorm.class::isInstance).anyMatch(norm -> bias.equals(biases.get(norm.inputs().get(0))));
    }

    @Override
    public NDArray normalize(Op.BatchNorm op, NDArray x, NDArray scale, NDArray shift) {
        long channels = x.getShape().get(1);
        NDArray rows = x.swapAxes(0, 1).reshape(channels, -1);
        NDArray mean = rows.mean(new int[]{1}, true);
        add(op, 0, mean.toFloatArray());
        add(op, 1, rows.sub(mean).square().mean(new int[]{1}).toFloatArray());
        boolean isImage = x.getShape().dimension() > 2;
        return x.add(x.getManager().create(kept(op), isImage ? new Shape(1, channels, 1, 1) : new Shape(1, channels)));
    }

    private static Optional<Weight> bias(Op op) {
        if (op instanceof Op.Conv conv) {
            return conv.bias();
        }
        return op instanceof Op.Linear linear ? linear.bias() : Optional.empty();
    }

    private float[] kept(Op.BatchNorm op) {
        return folded.read(biases.get(op.input()), Role.BIAS);
    }

    private void add(Op.BatchNorm op, int which, float[] values) {
        double[] sum = sums.computeIfAbsent(op, norm -> new double[2][values.length])[which];
        for (int c = 0; c < sum.length; c++) {
            sum[c] += values[c];
        }
    }

    private Map<String, float[]> tensors() {
        Map<String, float[]> tensors = new HashMap<>();
        sums.forEach((norm, sum) -> {
            float[] scale = new float[sum[0].length];
            float[] shift = kept(norm);
            for (int c = 0; c < scale.length; c++) {
                scale[c] = (float) Math.sqrt(sum[1][c] / batches + norm.epsilon());
                shift[c] += (float) (sum[0][c] / batches);
            }
            tensors.put(norm.scale().tensor().name(), scale);
            tensors.put(norm.shift().tensor().name(), shift);
        });
        network.ops().stream().flatMap(op -> bias(op).stream()).filter(bias -> goesIntoBatchNorm(bias.tensor().name()))
            .forEach(bias -> tensors.put(bias.tensor().name(), new float[(int) bias.elements()]));
        return tensors;
    }
}

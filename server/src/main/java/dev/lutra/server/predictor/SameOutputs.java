package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Normalization;
import dev.lutra.network.Network;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.proto.onnx.ModelProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/** What a network gives for images, to hold against it what files give that were rewritten from it. */
public final class SameOutputs {

    private static final int CHANNELS = 3;

    private final int height;
    private final int width;
    /** By image, row, column, channel. */
    private final byte[] pixels;
    private final Normalization normalization;
    private final ModelProto network;
    private final float[] expected;

    /**
     * @param network in float32, of any batch
     * @param images taken as the pixels nearest to them
     */
    public SameOutputs(ModelProto network, Batch images, Normalization normalization) {
        height = images.height();
        width = images.width();
        this.normalization = normalization;
        this.network = network;
        FloatBuffer values = images.pixels();
        pixels = new byte[images.size() * height * width * CHANNELS];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) Math.max(0, Math.min(255, Math.round(normalization.invert(values.get(i), i % CHANNELS))));
        }
        expected = run(network, false, images.size());
    }

    /**
     * Largest difference of the outputs of a form of the network, relative to the range of what is expected: that of the logits, or 1 of
     * probabilities. Not a number where one is none.
     */
    public double difference(ModelProto deployed, Deployment form) {
        int images = pixels.length / (height * width * CHANNELS);
        float[] wanted = form.softmax() ? softmax(expected, expected.length / images) : form.sigmoid() ? sigmoid(expected) : expected;
        float[] found = run(deployed, form.pixels(), form.batch().orElse(images));
        return form.softmax() || form.sigmoid() ? difference(found, wanted, 1) : difference(found, wanted);
    }

    /**
     * The same of a form that gives features, or what a head makes of them, for the first images. What the network's own file has there goes
     * through the head by itself.
     *
     * @param built the network
     * @throws InputException if it cannot be run with its head
     */
    public double difference(ModelProto deployed, Deployment form, Network built) {
        int batch = form.batch().orElse(pixels.length / (height * width * CHANNELS));
        OrtEnvironment environment = OnnxRuntime.environment();
        Map<String, float[]> found = DeployedOutputs.of(deployed, tensors -> Map.of(form.input(), tensors.of(form.pixels()
            ? bytes(environment, first(batch), batch)
            : planes(environment, first(batch), batch))));
        DeployedOutputs.Images images = () -> planes(environment, first(batch), batch);
        Map<String, float[]> wanted = form.head().map(OnnxFile::read)
            .map(head -> DeployedOutputs.of(head, network, built, form.features(), images, batch))
            .orElseGet(() -> DeployedOutputs.features(network, built, form.features(), images));
        double largest = wanted.isEmpty() ? Double.NaN : 0;
        for (Map.Entry<String, float[]> output : wanted.entrySet()) {
            largest = Math.max(largest, difference(found.get(output.getKey()), output.getValue()));
        }
        return largest;
    }

    /** So many images, the first again where there are fewer. */
    private byte[] first(int batch) {
        int size = height * width * CHANNELS;
        byte[] part = new byte[batch * size];
        for (int i = 0; i < batch; i++) {
            System.arraycopy(pixels, i * size % pixels.length, part, i * size, size);
        }
        return part;
    }

    /** Relative to the range of what is wanted, where it has any. */
    private static double difference(float[] found, float[] wanted) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (float value : wanted) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        return difference(found, wanted, high > low ? high - low : 1);
    }

    /** Not a number where one is none, or they are not as many. */
    private static double difference(float[] found, float[] wanted, double range) {
        if (found == null || found.length != wanted.length) {
            return Double.NaN;
        }
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            largest = Math.max(largest, Math.abs(found[i] - wanted[i])); // NaN stays NaN
        }
        return largest / range;
    }

    private static float[] softmax(float[] logits, int classes) {
        float[] shares = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            double sum = 0;
            for (int c = i / classes * classes; c < (i / classes + 1) * classes; c++) {
                sum += Math.exp(logits[c] - logits[i]);
            }
            shares[i] = (float) (1 / sum);
        }
        return shares;
    }

    private static float[] sigmoid(float[] logits) {
        float[] shares = new float[logits.length];
        for (int i = 0; i < logits.length; i++) {
            shares[i] = (float) (1 / (1 + Math.exp(-logits[i])));
        }
        return shares;
    }

    /** Outputs for all images, so many a call; the last call has the first images again in the place of those that are missing. */
    private float[] run(ModelProto model, boolean takesPixels, int batch) {
        int size = height * width * CHANNELS;
        int images = pixels.length / size;
        OrtEnvironment environment = OnnxRuntime.environment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
            OrtSession session = environment.createSession(model.toByteArray(), options)) {
            String input = session.getInputNames().iterator().next();
            float[] all = null;
            for (int first = 0; first < images; first += batch) {
                byte[] part = new byte[batch * size];
                for (int i = 0; i < batch; i++) {
                    System.arraycopy(pixels, (first + i) % images * size, part, i * size, size);
                }
                try (OnnxTensor tensor = takesPixels ? bytes(environment, part, batch) : planes(environment, part, batch);
                    OrtSession.Result result = session.run(Map.of(input, tensor))) {
                    FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
                    int each = values.remaining() / batch;
                    all = all == null ? new float[images * each] : all;
                    values.get(all, first * each, Math.min(batch, images - first) * each);
                }
            }
            return all;
        } catch (OrtException e) {
            throw new IllegalStateException("a file that was just made cannot be run: " + e.getMessage(), e);
        }
    }

    private OnnxTensor bytes(OrtEnvironment environment, byte[] part, int batch) throws OrtException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(part.length).order(ByteOrder.nativeOrder()).put(part).flip();
        return OnnxTensor.createTensor(environment, buffer, new long[]{batch, height, width, CHANNELS}, OnnxJavaType.UINT8);
    }

    private OnnxTensor planes(OrtEnvironment environment, byte[] part, int batch) throws OrtException {
        FloatBuffer planes = FloatBuffer.allocate(part.length);
        int area = height * width;
        for (int i = 0; i < part.length; i++) {
            int channel = i / area % CHANNELS;
            int pixel = i / area / CHANNELS * area + i % area;
            planes.put(normalization.apply(part[pixel * CHANNELS + channel] & 0xFF, channel));
        }
        return OnnxTensor.createTensor(environment, planes.flip(), new long[]{batch, CHANNELS, height, width});
    }
}

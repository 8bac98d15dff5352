package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lutra.data.Batch;
import dev.lutra.data.Normalization;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.proto.onnx.ModelProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;

/** What a network gives for images, to hold against it what files give that were rewritten from it. */
public final class SameOutputs {

    private static final int CHANNELS = 3;

    private final int side;
    /** By image, row, column, channel. */
    private final byte[] pixels;
    private final Normalization normalization;
    private final float[] expected;

    /**
     * @param network in float32, of any batch
     * @param images taken as the pixels nearest to them
     */
    public SameOutputs(ModelProto network, Batch images, Normalization normalization) {
        side = images.imageSize();
        this.normalization = normalization;
        FloatBuffer values = images.pixels();
        pixels = new byte[images.size() * side * side * CHANNELS];
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
        int images = pixels.length / (side * side * CHANNELS);
        float[] wanted = form.softmax() ? softmax(expected, expected.length / images) : expected;
        float[] found = run(deployed, form.pixels(), form.batch().orElse(images));
        if (found.length != wanted.length) {
            return Double.NaN;
        }
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            low = Math.min(low, wanted[i]);
            high = Math.max(high, wanted[i]);
            largest = Math.max(largest, Math.abs(found[i] - wanted[i])); // NaN stays NaN
        }
        return largest / (form.softmax() ? 1 : high - low);
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

    /** Outputs for all images, so many a call; the last call has the first images again in the place of those that are missing. */
    private float[] run(ModelProto model, boolean takesPixels, int batch) {
        int size = side * side * CHANNELS;
        int images = pixels.length / size;
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
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
        return OnnxTensor.createTensor(environment, buffer, new long[]{batch, side, side, CHANNELS}, OnnxJavaType.UINT8);
    }

    private OnnxTensor planes(OrtEnvironment environment, byte[] part, int batch) throws OrtException {
        FloatBuffer planes = FloatBuffer.allocate(part.length);
        int area = side * side;
        for (int i = 0; i < part.length; i++) {
            int channel = i / area % CHANNELS;
            int pixel = i / area / CHANNELS * area + i % area;
            planes.put(normalization.apply(part[pixel * CHANNELS + channel] & 0xFF, channel));
        }
        return OnnxTensor.createTensor(environment, planes.flip(), new long[]{batch, CHANNELS, side, side});
    }
}

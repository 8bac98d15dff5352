package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Normalization;
import dev.lutra.network.Network;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.onnx.deploy.Features;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
        Map<String, float[]> found = outputs(deployed, tensors -> Map.of(form.input(), tensors.of(form.pixels()
            ? bytes(OrtEnvironment.getEnvironment(), first(batch), batch)
            : planes(OrtEnvironment.getEnvironment(), first(batch), batch))));
        Map<Integer, String> values = Features.names(built, form.features());
        ModelProto.Builder opened = network.toBuilder();
        opened.getGraphBuilder().clearOutput();
        values.values().forEach(value -> opened.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(value)));
        Map<String, float[]> given = outputs(opened.build(), tensors -> Map.of(network.getGraph().getInput(0).getName(),
            tensors.of(planes(OrtEnvironment.getEnvironment(), first(batch), batch))));
        Map<String, float[]> features = new HashMap<>();
        values.forEach((stride, value) -> features.put(Deployment.feature(stride), given.get(value)));
        Map<String, float[]> wanted = form.head().map(OnnxFile::read).map(head -> outputs(head, tensors -> inputs(head, tensors, features, built,
            values, batch))).orElse(features);
        double largest = wanted.isEmpty() ? Double.NaN : 0;
        for (Map.Entry<String, float[]> output : wanted.entrySet()) {
            largest = Math.max(largest, difference(found.get(output.getKey()), output.getValue()));
        }
        return largest;
    }

    private static Map<String, OnnxTensor> inputs(ModelProto head, Tensors tensors, Map<String, float[]> features, Network built,
        Map<Integer, String> values, int batch) throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (Map.Entry<Integer, String> value : values.entrySet()) {
            String name = Deployment.feature(value.getKey());
            if (head.getGraph().getInputList().stream().anyMatch(input -> input.getName().equals(name))) {
                long[] shape = Features.shape(built, value.getValue()).withBatch(batch);
                inputs.put(name, tensors.of(OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(features.get(name)), shape)));
            }
        }
        return inputs;
    }

    /** Keeps tensors to be closed. */
    private static final class Tensors implements AutoCloseable {

        private final List<OnnxTensor> all = new ArrayList<>();

        OnnxTensor of(OnnxTensor tensor) {
            all.add(tensor);
            return tensor;
        }

        @Override
        public void close() {
            all.forEach(OnnxTensor::close);
        }
    }

    /** Makes the inputs of a model. */
    private interface Inputs {
        Map<String, OnnxTensor> of(Tensors tensors) throws OrtException;
    }

    /** What a model gives in float32, by name. */
    private static Map<String, float[]> outputs(ModelProto model, Inputs inputs) {
        Map<String, float[]> outputs = new HashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
            OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options);
            Tensors tensors = new Tensors();
            OrtSession.Result result = session.run(inputs.of(tensors))) {
            for (Map.Entry<String, OnnxValue> output : result) {
                if (output.getValue() instanceof OnnxTensor tensor && tensor.getInfo().type == OnnxJavaType.FLOAT) {
                    FloatBuffer values = tensor.getFloatBuffer();
                    float[] copy = new float[values.remaining()];
                    values.get(copy);
                    outputs.put(output.getKey(), copy);
                }
            }
            return outputs;
        } catch (OrtException e) {
            throw new InputException("export.deploy: a network with its head cannot be run: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
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

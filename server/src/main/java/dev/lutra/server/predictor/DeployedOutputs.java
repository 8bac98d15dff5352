package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.onnx.deploy.DetectorHead;
import dev.lutra.onnx.deploy.Features;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What models give in this process's ONNX Runtime, by the names of their outputs. */
public final class DeployedOutputs {

    private static final int CHANNELS = 3;

    private DeployedOutputs() {}

    /**
     * What a head makes of a network's features.
     *
     * @param images that it was given
     * @param outputs of the head, in its order
     */
    public record Detected(Batch images, List<float[]> outputs) {}

    /**
     * What a network's own file has where a head reads, through the head by itself.
     *
     * @param network in float32, of any batch
     * @param built the network
     * @param images of which the first are taken, as many as the head takes in a call
     * @throws InputException if the head cannot be run
     */
    public static Detected ofHead(ModelProto network, DetectorHead head, Network built, Batch images) {
        int batch = head.batch().orElse(images.size());
        if (batch > images.size()) {
            throw InputException.in(head.file(), "takes " + batch + " images a call (expected: at most " + images.size() + ", to be compared)");
        }
        int values = CHANNELS * images.height() * images.width();
        ByteBuffer bytes = images.bytes().duplicate().order(ByteOrder.nativeOrder()).position(0).limit(batch * values * Float.BYTES).slice()
            .order(ByteOrder.nativeOrder());
        Batch first = new Batch(bytes, images.shown().of(IntStream.range(0, batch).toArray()), batch, images.height(), images.width());
        long[] shape = {batch, CHANNELS, images.height(), images.width()};
        Map<String, float[]> outputs = of(head.model(), network, built, head.strides(),
            () -> OnnxTensor.createTensor(OnnxRuntime.environment(), first.planes().asFloatBuffer(), shape), batch);
        return new Detected(first, List.copyOf(outputs.values()));
    }

    /** Makes the images. */
    interface Images {
        OnnxTensor make() throws OrtException;
    }

    /**
     * What a head makes of what a network's own file has at some strides, by the names of its outputs.
     *
     * @param images as the network takes them
     */
    static Map<String, float[]> of(ModelProto head, ModelProto network, Network built, List<Integer> strides, Images images, int batch) {
        Map<String, float[]> features = features(network, built, strides, images);
        return of(head, tensors -> inputs(head, tensors, features, built, strides, batch));
    }

    /** What a network's own file has at some strides, by the names of features. */
    static Map<String, float[]> features(ModelProto network, Network built, List<Integer> strides, Images images) {
        Map<Integer, String> values = Features.names(built, strides);
        ModelProto.Builder opened = network.toBuilder();
        opened.getGraphBuilder().clearOutput();
        values.values().forEach(value -> opened.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(value)));
        Map<String, float[]> given = of(opened.build(), tensors -> Map.of(network.getGraph().getInput(0).getName(), tensors.of(images.make())));
        Map<String, float[]> features = new LinkedHashMap<>();
        values.forEach((stride, value) -> features.put(Deployment.feature(stride), given.get(value)));
        return features;
    }

    private static Map<String, OnnxTensor> inputs(ModelProto head, Tensors tensors, Map<String, float[]> features, Network built,
        List<Integer> strides, int batch) throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (Map.Entry<Integer, String> value : Features.names(built, strides).entrySet()) {
            String name = Deployment.feature(value.getKey());
            if (head.getGraph().getInputList().stream().anyMatch(input -> input.getName().equals(name))) {
                long[] shape = Features.shape(built, value.getValue()).withBatch(batch);
                inputs.put(name, tensors.of(OnnxTensor.createTensor(OnnxRuntime.environment(), FloatBuffer.wrap(features.get(name)), shape)));
            }
        }
        return inputs;
    }

    /** Keeps tensors to be closed. */
    static final class Tensors implements AutoCloseable {

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
    interface Inputs {
        Map<String, OnnxTensor> of(Tensors tensors) throws OrtException;
    }

    /** What a model gives in float32, by name, in its order. */
    static Map<String, float[]> of(ModelProto model, Inputs inputs) {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
            OrtSession session = OnnxRuntime.environment().createSession(model.toByteArray(), options);
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
}

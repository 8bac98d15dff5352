package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.platform.Fp16Conversions;
import dev.lutra.network.Network;
import dev.lutra.network.Value;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A model in ONNX Runtime on the CPU, one thread. */
final class OrtRunner implements AutoCloseable {

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final ModelProto model;
    private final Network network;
    private final OrtSession session;

    OrtRunner(ModelProto model, Network network) throws OrtException {
        this.model = model;
        this.network = network;
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = environment.createSession(model.toByteArray(), options);
        }
    }

    /** One run of a model, see {@link #run(int, Map)}. */
    static List<float[]> run(ModelProto model, Network network, int batch, Map<Value, double[]> values) throws OrtException {
        try (OrtRunner runner = new OrtRunner(model, network)) {
            return runner.run(batch, values);
        }
    }

    /** Outputs of the model in the order of its network's, given the values of the network's inputs. */
    List<float[]> run(int batch, Map<Value, double[]> values) throws OrtException {
        Map<String, OnnxTensor> feed = new LinkedHashMap<>();
        try {
            for (int i = 0; i < network.inputs().size(); i++) {
                Value input = network.inputs().get(i);
                feed.put(model.getGraph().getInput(i).getName(), tensor(i, values.get(input), input.shape().withBatch(batch)));
            }
            try (OrtSession.Result result = session.run(feed)) {
                List<float[]> outputs = new ArrayList<>();
                for (int i = 0; i < network.outputs().size(); i++) {
                    OnnxTensor output = (OnnxTensor) result.get(i);
                    assertThat(output.getInfo().getShape()).isEqualTo(network.outputs().get(i).shape().withBatch(batch));
                    FloatBuffer buffer = output.getFloatBuffer();
                    float[] copy = new float[buffer.remaining()];
                    buffer.get(copy);
                    outputs.add(copy);
                }
                return outputs;
            }
        } finally {
            feed.values().forEach(OnnxTensor::close);
        }
    }

    /** In the type that the model's input has. */
    private OnnxTensor tensor(int input, double[] values, long[] shape) throws OrtException {
        FloatBuffer floats = FloatBuffer.wrap(floats(values));
        boolean half = model.getGraph().getInput(input).getType().getTensorType().getElemType() == DataType.FLOAT16_VALUE;
        return half
            ? OnnxTensor.createTensor(environment, Fp16Conversions.convertFloatBufferToFp16Buffer(floats), shape,
                OnnxJavaType.FLOAT16)
            : OnnxTensor.createTensor(environment, floats, shape);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

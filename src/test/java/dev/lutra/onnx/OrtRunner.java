package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.lutra.network.Network;
import dev.lutra.network.Value;
import dev.lutra.proto.onnx.ModelProto;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime on the CPU, one thread. */
final class OrtRunner {

    private OrtRunner() {}

    /** Outputs of a model in the order of its network's, given the values of the network's inputs. */
    static List<float[]> run(ModelProto model, Network network, int batch, Map<Value, double[]> values) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> feed = new LinkedHashMap<>();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            try (OrtSession session = environment.createSession(model.toByteArray(), options)) {
                for (int i = 0; i < network.inputs().size(); i++) {
                    Value input = network.inputs().get(i);
                    feed.put(model.getGraph().getInput(i).getName(), OnnxTensor.createTensor(environment,
                        FloatBuffer.wrap(floats(values.get(input))), input.shape().withBatch(batch)));
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
            }
        } finally {
            feed.values().forEach(OnnxTensor::close);
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.SelfContainedModel;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.Encoding;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.ObjDoubleConsumer;

/**
 * Accuracies that an ONNX model predicts from an encoding of the architecture: one input, {@code [n, width]} of float32, and as its first
 * output one number an architecture. One architecture is run at a time, so that no figure depends on which are asked for
 * together.
 */
public final class PredictedAccuracies implements AccuracySource, AutoCloseable {

    private static final int MOST_BYTES = 1 << 30;

    private final Path file;
    private final SearchSpace space;
    private final Encoding encoding;
    private final double unit;
    private final OrtSession session;
    private final String input;

    /**
     * @param unit what the model calls 1 is such a share of all images: 1, or 0.01 where it answers in percent
     * @throws InputException if it is no such model of this space's encoding
     */
    public PredictedAccuracies(Path file, SearchSpace space, Encoding encoding, double unit) {
        this.file = file;
        this.space = space;
        this.encoding = encoding;
        this.unit = unit;
        int width = encoding.width(space);
        byte[] model = InputFile.bytes(file, MOST_BYTES);
        SelfContainedModel.problem(ByteBuffer.wrap(model)).ifPresent(problem -> {
            throw notRunnable(problem); // values in another file would not be part of what its answers are kept under
        });
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = OnnxRuntime.environment().createSession(model, options);
        } catch (OrtException e) {
            throw notRunnable(e.getMessage().lines().findFirst().orElse(""));
        }
        input = session.getInputNames().iterator().next();
        try {
            requireInput(width);
        } catch (OrtException | InputException e) {
            close();
            throw e instanceof InputException mistake ? mistake : InputException.in(file, e.getMessage());
        }
    }

    private InputException notRunnable(String problem) {
        return InputException.in(file, "not a model that can be run: " + problem + " (expected: an ONNX model that predicts accuracies)");
    }

    private void requireInput(int width) throws OrtException {
        boolean fits = session.getNumInputs() == 1 && session.getInputInfo().get(input).getInfo() instanceof TensorInfo tensor
            && tensor.type == OnnxJavaType.FLOAT && tensor.getShape().length == 2
            && (tensor.getShape()[0] == -1 || tensor.getShape()[0] == 1) && (tensor.getShape()[1] == -1 || tensor.getShape()[1] == width);
        if (!fits) {
            throw InputException.in(file, "takes " + session.getInputInfo().values() + " (expected: one input of float32, [n, " + width
                + "], for the encoding " + encoding.key() + " of " + space.name() + ")");
        }
    }

    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        architectures.forEach(architecture -> found.accept(architecture, accuracy(architecture)));
    }

    private double accuracy(Architecture architecture) {
        float[] numbers = encoding.encode(space, architecture);
        try (OnnxTensor tensor = OnnxTensor.createTensor(OnnxRuntime.environment(), FloatBuffer.wrap(numbers),
            new long[]{1, numbers.length}); OrtSession.Result result = session.run(Map.of(input, tensor))) {
            return share(result, architecture);
        } catch (OrtException e) {
            throw InputException.in(file, "fails at " + architecture + ": " + e.getMessage().lines().findFirst().orElse(""));
        }
    }

    private double share(OrtSession.Result result, Architecture architecture) {
        FloatBuffer answer = result.get(0) instanceof OnnxTensor tensor ? tensor.getFloatBuffer() : null;
        if (answer == null || answer.remaining() != 1) {
            throw InputException.in(file, "does not answer with one number of float32 an architecture (expected: its accuracy)");
        }
        double share = answer.get() * unit;
        if (!(share >= 0 && share <= 1)) {
            throw InputException.in(file, "accuracy " + share / unit + " of " + architecture + " (expected: from 0 to " + 1 / unit
                + "; 'unit' says whether they are shares or percents)");
        }
        return share;
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(file + ": cannot be closed: " + e.getMessage(), e);
        }
    }
}

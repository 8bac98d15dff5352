package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.supernet.evaluation.Hits;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * An ONNX file that tells images apart: one input of float32, {@code [n, 3, side, side]}, and as its first output a number for every
 * image and class.
 */
public final class Classifier implements AutoCloseable {

    private static final int CHANNELS = 3;

    private final Path file;
    private final OrtSession session;
    private final String input;

    private Classifier(Path file, OrtSession session) {
        this.file = file;
        this.session = session;
        input = session.getInputNames().iterator().next();
    }

    /**
     * Opens a file, to be computed with as many threads as the machine has cores.
     *
     * @throws InputException if it is no model of images
     */
    public static Classifier open(Path file) {
        if (!Files.isReadable(file)) {
            throw InputException.in(file, "no such file (expected: an ONNX model of images)");
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            Classifier classifier = new Classifier(file, OrtEnvironment.getEnvironment().createSession(file.toString(), options));
            classifier.requireImages();
            return classifier;
        } catch (OrtException e) {
            throw InputException.in(file, "not a model that can be run: " + firstLine(e) + " (expected: an ONNX model of images)");
        }
    }

    private void requireImages() throws OrtException {
        boolean fits = session.getNumInputs() == 1 && session.getInputInfo().get(input).getInfo() instanceof TensorInfo tensor
            && tensor.type == OnnxJavaType.FLOAT && tensor.getShape().length == 4 && tensor.getShape()[1] == CHANNELS;
        if (!fits) {
            String found = session.getInputInfo().values().toString();
            close();
            throw InputException.in(file, "takes " + found + " (expected: one input of float32, [n, " + CHANNELS + ", side, side])");
        }
    }

    /** The outputs for every image, row-major: images, then classes. */
    public float[] logits(Batch images) {
        ByteBuffer planes = images.planes();
        long[] shape = {images.size(), CHANNELS, images.imageSize(), images.imageSize()};
        try (OnnxTensor tensor = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), planes.asFloatBuffer(), shape);
            OrtSession.Result result = session.run(Map.of(input, tensor))) {
            FloatBuffer answer = result.get(0) instanceof OnnxTensor first ? first.getFloatBuffer() : null;
            if (answer == null || answer.remaining() == 0 || answer.remaining() % images.size() != 0) {
                throw InputException.in(file, "does not answer with numbers of float32 (expected: as many an image as there are classes)");
            }
            float[] logits = new float[answer.remaining()];
            answer.get(logits);
            return logits;
        } catch (OrtException e) {
            throw InputException.in(file, "fails at " + images.size() + " images of " + images.imageSize() + "x" + images.imageSize() + ": "
                + firstLine(e));
        }
    }

    /** What it gets right. */
    public Hits hits(Batch images) {
        return Hits.of(logits(images), images.labels());
    }

    private static String firstLine(OrtException e) {
        return e.getMessage().lines().findFirst().orElse("");
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

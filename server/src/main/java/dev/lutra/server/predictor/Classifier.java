package dev.lutra.server.predictor;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.Batch;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.border.SelfContainedModel;
import dev.lutra.supernet.Teacher;
import dev.lutra.supernet.evaluation.Hits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Map;

/**
 * An ONNX file that tells images apart: one input of float32 or float16, {@code [n, 3, height, width]}, and as its first output a number for
 * every image and class.
 */
public final class Classifier implements Teacher {

    private static final int CHANNELS = 3;

    private final Path file;
    private final OrtSession session;
    private final String input;
    private boolean takesHalf;

    private Classifier(Path file, OrtSession session) {
        this.file = file;
        this.session = session;
        input = session.getInputNames().stream().findFirst().orElse("");
    }

    /**
     * Opens a file, to be computed with as many threads as the machine has cores.
     *
     * @throws InputException if it is no model of images, or not all of it is in the file, by whose content what it teaches is known
     */
    public static Classifier open(Path file) {
        requireSelfContained(file);
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            Classifier classifier = new Classifier(file, OnnxRuntime.environment().createSession(file.toString(), options));
            classifier.requireImages();
            return classifier;
        } catch (OrtException e) {
            throw notRunnable(file, firstLine(e));
        }
    }

    private static void requireSelfContained(Path file) {
        InputFile.requireRegular(file);
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() > Integer.MAX_VALUE) {
                throw notRunnable(file, "2 GiB or more, which no ONNX file has");
            }
            SelfContainedModel.problem(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())).ifPresent(problem -> {
                throw notRunnable(file, problem);
            });
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    private static InputException notRunnable(Path file, String problem) {
        return InputException.in(file, "not a model that can be run: " + problem + " (expected: an ONNX model of images)");
    }

    private void requireImages() throws OrtException {
        if (session.getNumInputs() == 1 && session.getInputInfo().get(input).getInfo() instanceof TensorInfo tensor
            && (tensor.type == OnnxJavaType.FLOAT || tensor.type == OnnxJavaType.FLOAT16) && tensor.getShape().length == 4
            && tensor.getShape()[1] == CHANNELS) {
            takesHalf = tensor.type == OnnxJavaType.FLOAT16;
        } else {
            String found = session.getInputInfo().values().toString();
            close();
            throw InputException.in(file, "takes " + found + " (expected: one input of float32 or float16, [n, " + CHANNELS + ", height, width])");
        }
    }

    /** The outputs for every image, row-major: images, then classes. */
    public float[] logits(Batch images) {
        return logits(images.planes().asFloatBuffer(), images.size(), new ImageSize(images.height(), images.width()));
    }

    /** @throws InputException if an answer is no finite number, which nothing can be learned from */
    @Override
    public float[] logits(float[] planes, int images, ImageSize size) {
        float[] logits = logits(FloatBuffer.wrap(planes), images, size);
        for (float logit : logits) {
            if (!Float.isFinite(logit)) {
                throw InputException.in(file, "answers " + logit + " to an image (expected: finite numbers)");
            }
        }
        return logits;
    }

    private float[] logits(FloatBuffer planes, int images, ImageSize size) {
        long[] shape = {images, CHANNELS, size.height(), size.width()};
        try (OnnxTensor tensor = tensor(planes, shape);
            OrtSession.Result result = session.run(Map.of(input, tensor))) {
            FloatBuffer answer = result.get(0) instanceof OnnxTensor first ? first.getFloatBuffer() : null;
            if (answer == null || answer.remaining() == 0 || answer.remaining() % images != 0) {
                throw InputException.in(file, "does not answer with numbers of float32 or float16 (expected: as many an image as there are classes)");
            }
            float[] logits = new float[answer.remaining()];
            answer.get(logits);
            return logits;
        } catch (OrtException e) {
            throw InputException.in(file, "fails at " + images + " images of " + size.height() + "x" + size.width() + ": "
                + firstLine(e));
        }
    }

    private OnnxTensor tensor(FloatBuffer planes, long[] shape) throws OrtException {
        if (!takesHalf) {
            return OnnxTensor.createTensor(OnnxRuntime.environment(), planes, shape);
        }
        ShortBuffer halves = ByteBuffer.allocateDirect(planes.remaining() * Short.BYTES).order(ByteOrder.nativeOrder()).asShortBuffer();
        while (planes.hasRemaining()) {
            halves.put(Precision.half(planes.get()));
        }
        return OnnxTensor.createTensor(OnnxRuntime.environment(), halves.flip(), shape, OnnxJavaType.FLOAT16);
    }

    /**
     * Makes sure that it tells as many classes apart.
     *
     * @throws InputException if it has others, or takes no images of this size
     */
    public void requireClasses(int classes, ImageSize size) {
        int found = logits(new float[CHANNELS * size.area()], 1, size).length;
        if (found != classes) {
            throw InputException.in(file, "tells " + found + " classes apart (expected: " + classes + ", as the images have)");
        }
    }

    /**
     * What it gets right.
     *
     * @param threshold where images may show several classes, the sigmoid of an output from which on it answers that they show the class
     */
    public Hits hits(Batch images, double threshold) {
        return Hits.of(logits(images), images.shown(), threshold);
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

package dev.lutra.server.predictor;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.lutra.proto.content.IntegerLayers;
import dev.lutra.proto.onnx.ModelProto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Which layers of a model that are to multiply integers ONNX Runtime multiplies real numbers in, on this machine's CPU, by what it makes of it. */
public final class RealKernels {

    private RealKernels() {}

    /** Their names in the model, in order. */
    public static List<String> of(ModelProto model) {
        Path optimized = null;
        try {
            optimized = Files.createTempFile("lutra-optimized", ".onnx");
            try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR); // it warns that the file is of this machine
                options.setOptimizedModelFilePath(optimized.toString());
                OnnxRuntime.environment().createSession(model.toByteArray(), options).close();
            }
            Set<String> layers = IntegerLayers.of(model.getGraph());
            return ModelProto.parseFrom(Files.readAllBytes(optimized)).getGraph().getNodeList().stream()
                .filter(node -> IntegerLayers.isReal(node.getOpType())).map(node -> IntegerLayers.layer(node.getName()))
                .filter(layers::contains).toList();
        } catch (OrtException e) {
            throw new IllegalStateException("a file that was just made cannot be run: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("what ONNX Runtime makes of a model cannot be read", e);
        } finally {
            delete(optimized);
        }
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be deleted", e);
        }
    }
}

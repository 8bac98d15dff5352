package dev.lutra.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.InputException;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Models on disk. */
public final class OnnxFile {

    private OnnxFile() {}

    /**
     * Writes a model under a temporary name beside {@code file}, then moves it there, so that no reader meets half a file.
     */
    public static void write(Path file, ModelProto model) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished))) {
                // The graph goes last (fields may come in any order): a file cut short then never passes for a whole one.
                model.toBuilder().clearGraph().build().writeTo(out);
                ModelProto.newBuilder().setGraph(model.getGraph()).build().writeTo(out);
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /**
     * The metadata of a file, sorted by key.
     *
     * @throws InputException if there is no such file, or it is not a whole ONNX model
     */
    public static Map<String, String> metadata(Path file) throws IOException {
        Map<String, String> metadata = new TreeMap<>();
        for (StringStringEntryProto entry : read(file).getMetadataPropsList()) {
            metadata.put(entry.getKey(), entry.getValue());
        }
        return Collections.unmodifiableMap(metadata);
    }

    private static ModelProto read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw InputException.in(file, "no such file (expected: an ONNX model)");
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            ModelProto model = ModelProto.parseFrom(in);
            if (model.getIrVersion() < 1 || model.getOpsetImportCount() == 0 || !model.hasGraph()) {
                throw InputException.in(file, "not an ONNX model, or cut short (expected: version, operator set and graph)");
            }
            return model;
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(file + ": not an ONNX model, or cut short (expected: a whole protobuf message)", e);
        }
    }
}

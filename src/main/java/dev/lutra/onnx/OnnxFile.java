package dev.lutra.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** Models on disk. */
public final class OnnxFile {

    private static final long MOST_BYTES = 1 << 30; // as of a model that devices run

    private OnnxFile() {}

    /**
     * Writes a model, whole or not at all.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, ModelProto model) {
        AtomicFile.write(file, out -> {
            // The graph goes last (fields may come in any order): a copy cut short then never passes for a whole file.
            model.toBuilder().clearGraph().build().writeTo(out);
            ModelProto.newBuilder().setGraph(model.getGraph()).build().writeTo(out);
        });
    }

    /**
     * The metadata of a file, sorted by key.
     *
     * @throws InputException if there is no such file, it cannot be read, or is not a whole ONNX model
     */
    public static Map<String, String> metadata(Path file) {
        Map<String, String> metadata = new TreeMap<>();
        for (StringStringEntryProto entry : read(file).getMetadataPropsList()) {
            metadata.put(entry.getKey(), entry.getValue());
        }
        return Collections.unmodifiableMap(metadata);
    }

    /**
     * Reads a model.
     *
     * @throws InputException if there is no such file, it cannot be read, or is not a whole ONNX model
     */
    public static ModelProto read(Path file) {
        InputFile.requireRegular(file);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            InputFile.requireAtMost(file, MOST_BYTES);
            ModelProto model = ModelProto.parseFrom(in);
            if (model.getIrVersion() < 1 || model.getOpsetImportCount() == 0 || !model.hasGraph()) {
                throw InputException.in(file, "not an ONNX model, or cut short (expected: version, operator set and graph)");
            }
            return model;
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(file + ": not an ONNX model, or cut short (expected: a whole protobuf message)", e);
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }
}

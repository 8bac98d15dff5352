package dev.lutra.server.outcome;

import dev.lutra.lowering.Precision;
import java.nio.file.Path;

/**
 * Where all that belongs to one network with weights of its own lies.
 *
 * @param root the folder
 */
public record NetworkFolder(Path root) {

    /** What its files are called, but for their precision or form and ending. */
    private static final String NETWORK = "network";

    /** Its weights, and where its training stands. */
    public Path weights() {
        return root.resolve("weights.safetensors");
    }

    /** The network as ONNX. */
    public Path file(Precision precision) {
        return root.resolve(NETWORK + (precision == Precision.FLOAT32 ? "" : "-" + precision) + ".onnx");
    }
}

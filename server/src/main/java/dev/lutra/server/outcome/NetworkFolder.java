package dev.lutra.server.outcome;

import dev.lutra.lowering.Precision;
import java.nio.file.Path;

/**
 * Where all that belongs to one network with weights of its own lies.
 *
 * @param root the folder
 */
public record NetworkFolder(Path root) {

    /** Its weights, and where its training stands. */
    public Path weights() {
        return root.resolve("weights.safetensors");
    }

    /** The network as ONNX. */
    public Path file(Precision precision) {
        return root.resolve(precision == Precision.FLOAT32 ? "network.onnx" : "network-" + precision + ".onnx");
    }
}

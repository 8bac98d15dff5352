package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.network.SharedTensor.Role;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Named tensors in a file, read one at a time. */
public sealed interface TensorArchive permits SafetensorsFile, NumpyArchive, OnnxTensors {

    /**
     * Opens a file by the ending of its name: {@code .safetensors}, {@code .npz}, {@code .npy} or {@code .onnx}.
     *
     * @throws InputException if it is none of them, is not there, or is damaged
     */
    static TensorArchive open(Path file) {
        String name = file.getFileName().toString();
        if (name.endsWith(".safetensors")) {
            return SafetensorsFile.open(file);
        }
        if (name.endsWith(".npz") || name.endsWith(".npy")) {
            return NumpyArchive.open(file);
        }
        if (name.endsWith(".onnx")) {
            return OnnxTensors.open(file);
        }
        throw InputException.in(file, "not a weight file (expected: a name that ends in .safetensors, .npz, .npy or .onnx)");
    }

    Path file();

    /** Names of all tensors, in the file's order. */
    Set<String> names();

    /**
     * Extents; none for a single number.
     *
     * @throws InputException if there is no such tensor
     */
    List<Integer> dims(String name);

    /**
     * All values, row-major; the caller may change the array.
     *
     * @throws InputException if there is no such tensor, or it does not hold floating-point numbers
     */
    float[] read(String name);

    /**
     * The same, if a network can compute with them.
     *
     * @throws InputException as {@link #read(String)}, or if one is not finite, or a variance is negative
     */
    default float[] read(String name, Role role) {
        float[] values = read(name);
        for (float value : values) {
            if (!Float.isFinite(value) || role == Role.RUNNING_VARIANCE && value < 0) {
                throw InputException.in(file(), name + ": " + value + " (expected: "
                    + (role == Role.RUNNING_VARIANCE ? "variances, finite and not negative)" : "finite numbers)"));
            }
        }
        return values;
    }
}

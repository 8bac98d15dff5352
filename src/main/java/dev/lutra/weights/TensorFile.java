package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file under our names as a source of weights. It may hold a tensor at its shared extents, as a supernet's
 * checkpoint does, or at those of the one view that an architecture has of it, as an import does.
 */
public final class TensorFile implements WeightSource {

    private final SafetensorsFile tensors;

    private TensorFile(SafetensorsFile tensors) {
        this.tensors = tensors;
    }

    /**
     * @throws InputException if it is not there, or is damaged
     */
    public static TensorFile open(Path file) {
        return new TensorFile(SafetensorsFile.open(file));
    }

    /** What the file says about itself. */
    public Map<String, String> metadata() {
        return tensors.metadata();
    }

    /** A checkpoint that averages its weights has the averages beside them, and they are what is used. */
    private String used(String name) {
        String average = name + ".average";
        return tensors.names().contains(average) ? average : name;
    }

    /**
     * {@inheritDoc}
     *
     * @throws InputException if the file does not hold the tensor, or holds it at other extents, naming both, or with values that no network
     *     computes with
     */
    @Override
    public float[] read(Weight weight) {
        String name = used(weight.tensor().name());
        List<Integer> dims = tensors.dims(name);
        if (dims.equals(weight.tensor().dims())) {
            return weight.cut(tensors.read(name, weight.tensor().role()));
        }
        if (dims.equals(weight.dims())) {
            return tensors.read(name, weight.tensor().role());
        }
        throw InputException.in(tensors.file(), name + ": " + dims + " (expected: " + weight.tensor().dims()
            + (weight.dims().equals(weight.tensor().dims()) ? "" : " or " + weight.dims()) + ")");
    }
}

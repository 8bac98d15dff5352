package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The initializers of an ONNX file, in float32 or float16, as far as their values lie in the file. */
public final class OnnxTensors implements TensorArchive {

    private final Path file;
    private final Map<String, TensorProto> tensors = new LinkedHashMap<>();

    private OnnxTensors(Path file) {
        this.file = file;
        OnnxFile.read(file).getGraph().getInitializerList().forEach(tensor -> tensors.put(tensor.getName(), tensor));
    }

    /**
     * @throws InputException if there is no such file, it cannot be read, or is not a whole ONNX model
     */
    public static OnnxTensors open(Path file) {
        return new OnnxTensors(file);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public List<Integer> dims(String name) {
        List<Integer> dims = new ArrayList<>();
        require(name).getDimsList().forEach(extent -> dims.add((int) Math.min(Integer.MAX_VALUE, extent)));
        return dims;
    }

    @Override
    public float[] read(String name) {
        TensorProto tensor = require(name);
        int bytes = switch (tensor.getDataType()) {
            case DataType.FLOAT_VALUE -> Float.BYTES;
            case DataType.FLOAT16_VALUE -> Short.BYTES;
            default -> throw InputException.in(file, name + ": type " + tensor.getDataType() + " (expected: float32 or float16)");
        };
        long wanted = tensor.getDimsList().stream().reduce(1L, (one, other) -> one * other) * bytes;
        if (tensor.getRawData().size() != wanted) {
            throw InputException.in(file, name + ": " + tensor.getRawData().size() + " bytes (expected: " + wanted + ", as raw data in the file)");
        }
        ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        float[] values = new float[(int) (wanted / bytes)];
        for (int i = 0; i < values.length; i++) {
            values[i] = bytes == Float.BYTES ? raw.getFloat() : Precision.single(raw.getShort());
        }
        return values;
    }

    private TensorProto require(String name) {
        TensorProto tensor = tensors.get(name);
        if (tensor == null) {
            throw InputException.in(file, "no tensor " + name + " (expected: one of " + tensors.size() + " initializers)");
        }
        return tensor;
    }
}

package dev.lutra.onnx;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers of a precision as the format stores them. */
final class NumberFormat {

    private NumberFormat() {}

    /** The format's number for a precision. */
    static int dataType(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> DataType.FLOAT_VALUE;
            case FLOAT16 -> DataType.FLOAT16_VALUE;
        };
    }

    /**
     * Values rounded to nearest, ties to even.
     *
     * @param name whose values they are, for the error
     * @throws InputException if one is finite and too large
     */
    static ByteString encode(Precision precision, String name, float... values) {
        precision.requireInRange(name, values);
        ByteBuffer buffer = ByteBuffer.allocate(values.length * precision.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (precision) {
                case FLOAT32 -> buffer.putFloat(value);
                case FLOAT16 -> buffer.putShort(Precision.half(value));
            }
        }
        return ByteString.copyFrom(buffer.flip());
    }
}

package dev.lutra.onnx;

import com.google.protobuf.ByteString;
import dev.lutra.InputException;
import dev.lutra.proto.onnx.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The type that an exported network computes in: its weights, every value between its ops, its inputs and its outputs. Nothing is
 * cast at the borders, so that a segment alone is what it is inside a network, and whoever has float32 images converts them
 * before they go to the device, in half the bytes.
 */
public enum Precision {
    FLOAT32(DataType.FLOAT_VALUE, Float.BYTES), FLOAT16(DataType.FLOAT16_VALUE, Short.BYTES);

    /** The largest number that rounds to a finite float16 is just below this. */
    private static final float HALF_OVERFLOW = 65520f;

    private final int dataType;
    private final int bytes;

    Precision(int dataType, int bytes) {
        this.dataType = dataType;
        this.bytes = bytes;
    }

    /**
     * The precision of a name.
     *
     * @throws InputException if there is none
     */
    public static Precision of(String name) {
        return Arrays.stream(values()).filter(precision -> precision.toString().equals(name)).findFirst()
            .orElseThrow(() -> new InputException("precision: " + name + " (expected: one of " + Arrays.stream(values()).map(Precision::toString)
                .collect(Collectors.joining(", ")) + ")"));
    }

    /** Its name in files and on the command line: {@code float32}, {@code float16}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The format's number for it. */
    int dataType() {
        return dataType;
    }

    /**
     * Values as the format stores them, rounded to nearest, ties to even.
     *
     * @param name whose values they are, for the error
     * @throws InputException if one is finite and too large
     */
    ByteString encode(String name, float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (this == FLOAT32) {
            buffer.asFloatBuffer().put(values);
            return ByteString.copyFrom(buffer);
        }
        for (float value : values) {
            if (Float.isFinite(value) && Math.abs(value) >= HALF_OVERFLOW) {
                throw new InputException(name + ": " + value + " (expected: within ±65504, which is all that float16 holds)");
            }
            buffer.putShort(half(value));
        }
        return ByteString.copyFrom(buffer.flip());
    }

    /** IEEE 754 binary32 to binary16. */
    static short half(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= HALF_OVERFLOW) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14f) {
            // A subnormal counts units of 2^-24; 1024 of them are the least normal number, whose bits follow.
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        }
        int wide = bits & 0x7fffffff;
        int tiesToEven = 0xfff + (wide >> 13 & 1);
        return (short) (sign | wide - (127 - 15 << 23) + tiesToEven >> 13);
    }
}

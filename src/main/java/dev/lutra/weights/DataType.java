package dev.lutra.weights;

import java.nio.ByteBuffer;
import java.util.Optional;

/** Types of a tensor's elements, under the names of the safetensors format. Floating-point ones convert to float. */
enum DataType {
    F64(8, (buffer, at) -> (float) buffer.getDouble(at)), F32(4, ByteBuffer::getFloat), F16(2, (buffer, at) -> fromHalf(buffer.getShort(at))), BF16(2,
        (buffer, at) -> Float.intBitsToFloat(buffer.getShort(at) << 16)), F8_E5M2(
            1), F8_E4M3(1), I64(8), U64(8), I32(4), U32(4), I16(2), U16(2), I8(1), U8(1), BOOL(1);

    /** Reads one element, as float, from where it starts in a little-endian buffer. */
    @FunctionalInterface
    interface Decoder {
        float at(ByteBuffer buffer, int at);
    }

    private final int bytes;
    private final Optional<Decoder> decoder;

    DataType(int bytes) {
        this.bytes = bytes;
        this.decoder = Optional.empty();
    }

    DataType(int bytes, Decoder decoder) {
        this.bytes = bytes;
        this.decoder = Optional.of(decoder);
    }

    static Optional<DataType> named(String name) {
        for (DataType type : values()) {
            if (type.name().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Size of one element. */
    int bytes() {
        return bytes;
    }

    /** How to read it, for the types that can be weights. */
    Optional<Decoder> decoder() {
        return decoder;
    }

    /** IEEE 754 binary16 to binary32, exact. */
    private static float fromHalf(short half) {
        int exponent = half >> 10 & 0x1f;
        int fraction = half & 0x3ff;
        int sign = (half & 0x8000) << 16;
        if (exponent == 0) {
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        int widened = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | widened << 23 | fraction << 13);
    }
}

package dev.lutra.lowering;

import dev.lutra.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The type that a network computes in: its weights, every value between its ops, its inputs and its outputs. Nothing is
 * cast at the borders, so that a segment alone is what it is inside a network, and whoever has float32 images converts them
 * before they go to the device, in half the bytes.
 */
public enum Precision {
    FLOAT32(Float.BYTES), FLOAT16(Short.BYTES);

    /** The largest number that rounds to a finite float16 is just below this. */
    private static final float HALF_OVERFLOW = 65520f;

    private final int bytes;

    Precision(int bytes) {
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

    /** What one number takes. */
    public int bytes() {
        return bytes;
    }

    /**
     * Checks that numbers can be held.
     *
     * @param name whose values they are, for the error
     * @throws InputException if one is finite and too large
     */
    public void requireInRange(String name, float... values) {
        for (float value : values) {
            if (this == FLOAT16 && Float.isFinite(value) && Math.abs(value) >= HALF_OVERFLOW) {
                throw new InputException(name + ": " + value + " (expected: within ±65504, which is all that float16 holds)");
            }
        }
    }

    /** The number of this precision that is nearest, of two equally near ones the even. */
    public float round(float value) {
        return this == FLOAT32 ? value : single(half(value));
    }

    /** IEEE 754 binary32 to binary16. */
    public static short half(float value) {
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

    /** IEEE 754 binary16 to binary32, exact. */
    public static float single(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >> 10 & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            return Math.copySign(fraction * 0x1p-24f, Float.intBitsToFloat(sign));
        }
        int wide = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
    }
}

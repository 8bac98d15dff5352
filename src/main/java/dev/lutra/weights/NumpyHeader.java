package dev.lutra.weights;

import dev.lutra.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands before the values of a NumPy array file (NEP 1), versions 1 to 3.
 *
 * @param type NumPy's name of the element type, such as {@code <f4}; {@code a record} for structured arrays
 * @param fortran whether the first index runs fastest
 * @param dims extents
 * @param bytes where the values begin
 */
record NumpyHeader(String type, boolean fortran, List<Integer> dims, int bytes) {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int LONGEST = 1 << 20; // NumPy's own are a few hundred bytes
    private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
    private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([\\d,\\s]*)\\)");

    NumpyHeader {
        dims = List.copyOf(dims);
    }

    /**
     * Reads a header; the stream then stands at the values.
     *
     * @param where file and array, for messages
     * @throws InputException if it is not one
     */
    static NumpyHeader read(String where, InputStream in) throws IOException {
        byte[] start = in.readNBytes(MAGIC.length + 2);
        if (start.length < MAGIC.length + 2 || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new InputException(where + ": not a NumPy array");
        }
        int version = start[MAGIC.length];
        if (version < 1 || version > 3) {
            throw new InputException(where + ": version " + version + " of NumPy's format (expected: 1, 2 or 3)");
        }
        int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
        byte[] count = Arrays.copyOf(in.readNBytes(lengthBytes), Long.BYTES);
        long length = ByteBuffer.wrap(count).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] text = in.readNBytes((int) Math.min(length, LONGEST));
        if (text.length < length) {
            throw new InputException(where + ": header of " + length + " bytes is cut off");
        }
        String header = new String(text, version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        String order = find(ORDER, header).orElseThrow(() -> new InputException(where + ": no 'fortran_order' in the header"));
        String shape = find(SHAPE, header).orElseThrow(() -> new InputException(where + ": no 'shape' in the header"));
        return new NumpyHeader(find(TYPE, header).orElse("a record"), order.equals("True"), dims(where, shape),
            start.length + lengthBytes + text.length);
    }

    private static Optional<String> find(Pattern pattern, String header) {
        Matcher matcher = pattern.matcher(header);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static List<Integer> dims(String where, String shape) {
        List<Integer> dims = new ArrayList<>();
        for (String extent : shape.replaceAll("\\s", "").split(",")) {
            if (extent.isEmpty()) {
                continue; // () of a single number, (3,) of a vector
            }
            try {
                dims.add(Integer.parseInt(extent));
            } catch (NumberFormatException e) {
                throw new InputException(where + ": shape (" + shape + ") (expected: extents below 2^31)", e);
            }
        }
        return dims;
    }

    /** The element type, for the types that can be weights. */
    Optional<DataType> dataType() {
        return switch (type) {
            case "<f2" -> Optional.of(DataType.F16);
            case "<f4" -> Optional.of(DataType.F32);
            case "<f8" -> Optional.of(DataType.F64);
            default -> Optional.empty();
        };
    }

    /** @throws ArithmeticException if no array can hold them */
    int elements() {
        return dims.stream().reduce(1, Math::multiplyExact);
    }
}

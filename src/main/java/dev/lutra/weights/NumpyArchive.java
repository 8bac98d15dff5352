package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Arrays that NumPy saved: an {@code .npz} archive, or an {@code .npy} file, whose one array is named like the file
 * without its ending. Little-endian floating-point arrays of 2, 4 and 8 bytes are read, in C and in Fortran order.
 */
public final class NumpyArchive implements TensorArchive {

    private static final String ARRAY = ".npy";
    private static final int BLOCK_BYTES = 1 << 16;
    private static final int MOST_ARRAYS = 1 << 16;
    private static final long MOST_EXPANSION = 1032; // deflate's

    private final Path file;
    private final Map<String, NumpyHeader> headers;

    private NumpyArchive(Path file, Map<String, NumpyHeader> headers) {
        this.file = file;
        this.headers = headers;
    }

    /**
     * Opens a file, reading the headers of its arrays.
     *
     * @throws InputException if it is not there, is not what NumPy writes, is cut off, or has more than 65,536 arrays
     */
    public static NumpyArchive open(Path file) {
        InputFile.requireRegular(file);
        Map<String, NumpyHeader> headers = new LinkedHashMap<>();
        try {
            if (isSingle(file)) {
                try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
                    headers.put(stem(file.getFileName().toString()), header(file.toString(), in, Files.size(file)));
                }
            } else {
                readHeaders(file, headers);
            }
        } catch (ZipException e) {
            throw new InputException(file + ": not an archive of NumPy arrays: " + e.getMessage(), e);
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
        return new NumpyArchive(file, headers);
    }

    private static void readHeaders(Path file, Map<String, NumpyHeader> headers) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() > MOST_ARRAYS) {
                throw InputException.in(file, zip.size() + " arrays (expected: at most " + MOST_ARRAYS + ")");
            }
            for (ZipEntry entry : zip.stream().filter(entry -> entry.getName().endsWith(ARRAY)).toList()) {
                try (InputStream in = zip.getInputStream(entry)) {
                    String name = stem(entry.getName());
                    requirePlausible(file, name, entry);
                    headers.put(name, header(file + ": " + name, in, entry.getSize()));
                }
            }
        }
    }

    /** An archive may state any size; what deflate can make of the bytes that are there is limited. */
    private static void requirePlausible(Path file, String name, ZipEntry entry) {
        if (entry.getSize() < 0 || entry.getSize() > MOST_EXPANSION * entry.getCompressedSize() + BLOCK_BYTES) {
            throw InputException.in(file, name + ": " + entry.getSize() + " bytes in " + entry.getCompressedSize()
                + " compressed ones (expected: what they can hold)");
        }
    }

    private static NumpyHeader header(String where, InputStream in, long size) throws IOException {
        NumpyHeader header = NumpyHeader.read(where, in);
        if (header.dataType().isPresent()) {
            long found = size - header.bytes();
            long expected = (long) elements(where, header) * header.dataType().get().bytes();
            if (found < expected) {
                throw new InputException(where + ": " + found + " bytes of values (expected: " + expected + "; it is cut off)");
            }
        }
        return header;
    }

    private static int elements(String where, NumpyHeader header) {
        try {
            return header.elements();
        } catch (ArithmeticException e) {
            throw new InputException(where + ": shape " + header.dims() + " (expected: fewer than 2^31 values)", e);
        }
    }

    private static boolean isSingle(Path file) {
        return file.getFileName().toString().endsWith(ARRAY);
    }

    private static String stem(String name) {
        return name.substring(0, name.length() - ARRAY.length());
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public Set<String> names() {
        return headers.keySet();
    }

    @Override
    public List<Integer> dims(String name) {
        return header(name).dims();
    }

    @Override
    public float[] read(String name) {
        NumpyHeader header = header(name);
        DataType type = header.dataType().orElseThrow(
            () -> InputException.in(file, name + ": " + header.type() + " (expected: <f4, <f8 or <f2)"));
        try {
            return header.fortran() ? rowMajor(values(name, header, type), header.dims()) : values(name, header, type);
        } catch (IOException e) {
            throw new InputException(file + ": " + name + ": cannot be read: " + FileTrouble.reason(e), e);
        }
    }

    private NumpyHeader header(String name) {
        NumpyHeader header = headers.get(name);
        if (header == null) {
            throw InputException.in(file, "no tensor '" + name + "'");
        }
        return header;
    }

    private float[] values(String name, NumpyHeader header, DataType type) throws IOException {
        if (isSingle(file)) {
            try (InputStream in = Files.newInputStream(file)) {
                return values(in, header, type);
            }
        }
        try (ZipFile zip = new ZipFile(file.toFile()); InputStream in = zip.getInputStream(zip.getEntry(name + ARRAY))) {
            return values(in, header, type);
        }
    }

    private static float[] values(InputStream in, NumpyHeader header, DataType type) throws IOException {
        in.skipNBytes(header.bytes());
        DataType.Decoder decoder = type.decoder().orElseThrow();
        float[] values = new float[header.elements()];
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int done = 0;
        while (done < values.length) {
            int count = Math.min(BLOCK_BYTES / type.bytes(), values.length - done);
            if (in.readNBytes(block.array(), 0, count * type.bytes()) < count * type.bytes()) {
                throw new EOFException("it is cut off");
            }
            for (int i = 0; i < count; i++) {
                values[done++] = decoder.at(block, i * type.bytes());
            }
        }
        return values;
    }

    /** Values whose first index runs fastest, so that the last one does. */
    private static float[] rowMajor(float[] columnMajor, List<Integer> dims) {
        float[] values = new float[columnMajor.length];
        int[] index = new int[dims.size()];
        for (int i = 0; i < values.length; i++) {
            int at = 0;
            for (int d = index.length - 1; d >= 0; d--) {
                at = at * dims.get(d) + index[d];
            }
            values[i] = columnMajor[at];
            for (int d = index.length - 1; d >= 0 && ++index[d] == dims.get(d); d--) {
                index[d] = 0;
            }
        }
        return values;
    }
}

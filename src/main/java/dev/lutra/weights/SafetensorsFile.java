package dev.lutra.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A file in the safetensors format: eight bytes of header length, a JSON header, then every tensor's values. PyTorch,
 * NumPy and DJL read it. All numbers are little-endian; the values fill the file without gap or overlap.
 *
 * <p>Opening reads and checks the header only; {@link #read} takes values from mapped memory.
 */
public final class SafetensorsFile implements TensorArchive {

    /** Room for some hundred thousand tensors; the format's own implementation allows six times as much. */
    private static final long MAX_HEADER_BYTES = 1 << 24;
    private static final String METADATA = "__metadata__";
    private static final int BLOCK_FLOATS = 1 << 16;
    private static final ObjectMapper JSON = JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /**
     * A tensor to be written.
     *
     * @param name unique in the file
     * @param dims extents
     * @param values gives all values, row-major; asked once, when it is their turn
     */
    public record Entry(String name, List<Integer> dims, Supplier<float[]> values) {
        public Entry {
            dims = List.copyOf(dims);
        }

        private long bytes() {
            return Math.multiplyExact(elements(dims), Float.BYTES);
        }
    }

    /** Where a tensor lies; begin and end count from the end of the header. */
    private record Tensor(String name, String type, List<Integer> dims, long begin, long end) {}

    private final Path file;
    private final Map<String, String> metadata;
    private final Map<String, Tensor> tensors;
    private final MappedBytes data;

    private SafetensorsFile(Path file, Map<String, String> metadata, Map<String, Tensor> tensors, MappedBytes data) {
        this.file = file;
        this.metadata = metadata;
        this.tensors = tensors;
        this.data = data;
    }

    /**
     * Opens a file.
     *
     * @throws InputException if it is not there, or is not a whole safetensors file, naming the tensor that is wrong
     */
    public static SafetensorsFile open(Path file) {
        InputFile.requireRegular(file);
        try (FileChannel channel = FileChannel.open(file)) {
            byte[] header = header(file, channel);
            long start = Long.BYTES + header.length;
            Header parsed = new Header(file, header, channel.size() - start);
            return new SafetensorsFile(file, parsed.metadata, parsed.tensors, new MappedBytes(channel, start));
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    private static byte[] header(Path file, FileChannel channel) throws IOException {
        long rest = channel.size() - Long.BYTES;
        if (rest < 0) {
            throw InputException.in(file, channel.size() + " bytes (expected: a safetensors file)");
        }
        long length = read(channel, 0, Long.BYTES).getLong();
        if (length < 0 || length > Math.min(rest, MAX_HEADER_BYTES)) {
            throw InputException.in(file, "header of " + Long.toUnsignedString(length) + " bytes (expected: at most "
                + Math.min(rest, MAX_HEADER_BYTES) + "; is it a safetensors file, and whole?)");
        }
        return read(channel, Long.BYTES, (int) length).array();
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new IOException("it became shorter while it was read");
            }
        }
        return buffer.flip();
    }

    @Override
    public Path file() {
        return file;
    }

    /** What the file says about itself. */
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public List<Integer> dims(String name) {
        return tensor(name).dims();
    }

    /** Values of a tensor of type F32, F16, BF16 or F64, as float. */
    @Override
    public float[] read(String name) {
        Tensor tensor = tensor(name);
        DataType type = DataType.named(tensor.type()).filter(known -> known.decoder().isPresent())
            .orElseThrow(() -> InputException.in(file, name + ": " + tensor.type() + " (expected: F32, F16, BF16 or F64)"));
        long elements = elements(tensor.dims());
        if (elements > Integer.MAX_VALUE - 8) {
            throw InputException.in(file, name + ": " + elements + " values (expected: fewer than 2^31)");
        }
        return data.read(tensor.begin(), (int) elements, type.bytes(), type.decoder().orElseThrow());
    }

    private Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw InputException.in(file, "no tensor '" + name + "'");
        }
        return tensor;
    }

    /** @throws ArithmeticException beyond 2^63 */
    private static long elements(List<Integer> dims) {
        return dims.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }

    /**
     * Writes a file of F32 tensors, whole or not at all. Values are asked for one tensor at a time.
     *
     * @param metadata what the file says about itself
     * @param tensors in the order they lie in the file
     * @throws IllegalArgumentException if a name comes twice, or values do not match their extents
     * @throws java.io.UncheckedIOException if the file cannot be written
     */
    public static void write(Path file, Map<String, String> metadata, List<Entry> tensors) {
        byte[] header = header(metadata, tensors);
        AtomicFile.write(file, out -> {
            out.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
            out.write(header);
            ByteBuffer block = ByteBuffer.allocate(BLOCK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (Entry tensor : tensors) {
                write(tensor, out, block);
            }
        });
    }

    private static byte[] header(Map<String, String> metadata, List<Entry> tensors) {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put(METADATA, new TreeMap<>(metadata)); // the same file every time
        long begin = 0;
        for (Entry tensor : tensors) {
            long end = Math.addExact(begin, tensor.bytes());
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", DataType.F32.name());
            entry.put("shape", tensor.dims());
            entry.put("data_offsets", List.of(begin, end));
            if (header.put(tensor.name(), entry) != null) {
                throw new IllegalArgumentException(tensor.name() + ": two tensors of one name");
            }
            begin = end;
        }
        return aligned(header);
    }

    /** The header as JSON, with spaces behind it so that the values start at a multiple of eight. */
    private static byte[] aligned(Map<String, Object> header) {
        try {
            byte[] json = JSON.writeValueAsBytes(header);
            byte[] padded = Arrays.copyOf(json, (json.length + Long.BYTES - 1) / Long.BYTES * Long.BYTES);
            Arrays.fill(padded, json.length, padded.length, (byte) ' ');
            return padded;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps, lists, text and numbers always write", e);
        }
    }

    private static void write(Entry tensor, OutputStream out, ByteBuffer block) throws IOException {
        float[] values = tensor.values().get();
        if (values.length != elements(tensor.dims())) {
            throw new IllegalArgumentException(
                tensor.name() + ": " + values.length + " values (expected: as many as " + tensor.dims() + " has)");
        }
        for (int from = 0; from < values.length; from += BLOCK_FLOATS) {
            int count = Math.min(BLOCK_FLOATS, values.length - from);
            block.asFloatBuffer().put(values, from, count);
            out.write(block.array(), 0, count * Float.BYTES);
        }
    }

    /** The JSON header, checked. */
    private static final class Header {

        private final Path file;
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();

        Header(Path file, byte[] json, long dataBytes) throws IOException {
            this.file = file;
            JsonNode root = parse(json);
            root.fields().forEachRemaining(field -> {
                if (field.getKey().equals(METADATA)) {
                    readMetadata(field.getValue());
                } else {
                    tensors.put(field.getKey(), tensor(field.getKey(), field.getValue()));
                }
            });
            requireFilled(dataBytes);
        }

        private JsonNode parse(byte[] json) throws IOException {
            try {
                JsonNode root = JSON.readTree(new String(json, StandardCharsets.UTF_8));
                if (root.isObject()) {
                    return root;
                }
            } catch (JsonProcessingException e) {
                throw new InputException(file + ": header is not JSON: " + e.getOriginalMessage(), e);
            }
            throw InputException.in(file, "header is not a JSON object");
        }

        private void readMetadata(JsonNode node) {
            node.fields().forEachRemaining(field -> {
                if (!field.getValue().isTextual()) {
                    throw InputException.in(file,
                        METADATA + "." + field.getKey() + ": " + field.getValue() + " (expected: text)");
                }
                metadata.put(field.getKey(), field.getValue().textValue());
            });
        }

        private Tensor tensor(String name, JsonNode node) {
            List<Integer> dims = new ArrayList<>();
            for (long dim : numbers(name, node, "shape")) {
                if (dim > Integer.MAX_VALUE) {
                    throw InputException.in(file, name + ": shape " + node.get("shape") + " (expected: extents below 2^31)");
                }
                dims.add((int) dim);
            }
            List<Long> offsets = numbers(name, node, "data_offsets");
            if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
                throw InputException.in(file, name + ": data_offsets " + offsets + " (expected: begin and end)");
            }
            Tensor tensor = new Tensor(name, node.path("dtype").asText(), List.copyOf(dims), offsets.get(0), offsets.get(1));
            requireSize(tensor);
            return tensor;
        }

        private List<Long> numbers(String name, JsonNode node, String key) {
            JsonNode list = node.path(key);
            List<Long> numbers = new ArrayList<>();
            for (JsonNode number : list) {
                if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
                    throw InputException.in(file, name + ": " + key + " " + list + " (expected: whole numbers)");
                }
                numbers.add(number.longValue());
            }
            if (!list.isArray()) {
                throw InputException.in(file, name + ": no list '" + key + "'");
            }
            return numbers;
        }

        /** Types of newer versions of the format are let through; nobody can read them here, but others beside them. */
        private void requireSize(Tensor tensor) {
            Optional<DataType> type = DataType.named(tensor.type());
            long found = tensor.end() - tensor.begin();
            try {
                if (type.isEmpty() || Math.multiplyExact(elements(tensor.dims()), type.get().bytes()) == found) {
                    return;
                }
            } catch (ArithmeticException e) {
                // reported below like any other wrong size
            }
            throw InputException.in(file, tensor.name() + ": " + found + " bytes (expected: as many as " + tensor.type()
                + " " + tensor.dims() + " needs)");
        }

        private void requireFilled(long dataBytes) {
            List<Tensor> inOrder = new ArrayList<>(tensors.values());
            inOrder.sort(Comparator.comparingLong(Tensor::begin).thenComparingLong(Tensor::end));
            long filled = 0;
            for (Tensor tensor : inOrder) {
                if (tensor.begin() != filled) {
                    throw InputException.in(file, tensor.name() + ": begins at " + tensor.begin()
                        + (tensor.begin() < filled ? ", in another tensor" : ", behind a gap") + " (expected: " + filled + ")");
                }
                filled = tensor.end();
                if (filled > dataBytes) {
                    throw InputException.in(file, tensor.name() + ": ends at byte " + filled + " of " + dataBytes
                        + " (the file is cut off)");
                }
            }
            if (filled != dataBytes) {
                throw InputException.in(file, (dataBytes - filled) + " bytes behind the last tensor (expected: none)");
            }
        }
    }
}

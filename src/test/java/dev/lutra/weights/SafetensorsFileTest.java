package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.DebianPython;
import dev.lutra.InputException;
import dev.lutra.weights.SafetensorsFile.Entry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {

    @TempDir
    private Path folder;

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** A file of this header and so many bytes of zeros. */
    private Path file(String header, long dataBytes) throws IOException {
        Path file = folder.resolve("x.safetensors");
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, start.putLong(json.length).put(json).array());
        try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "rw")) {
            data.setLength(data.length() + dataBytes);
        }
        return file;
    }

    private static void putAt(Path file, long fromEnd, byte[] bytes) throws IOException {
        try (RandomAccessFile data = new RandomAccessFile(file.toFile(), "rw")) {
            data.seek(data.length() - fromEnd);
            data.write(bytes);
        }
    }

    @Test
    void whatIsWrittenIsReadBack() {
        Path file = folder.resolve("new/weights.safetensors");
        float[] kernel = random(3 * 2 * 5 * 5, 1);
        float[] large = random(100_003, 2);
        SafetensorsFile.write(file, Map.of("space", "größer"), List.of(
            new Entry("b.kernel", List.of(3, 2, 5, 5), () -> kernel),
            new Entry("a.large", List.of(100_003), () -> large),
            new Entry("none", List.of(0, 4), () -> new float[0]),
            new Entry("single", List.of(), () -> new float[]{Float.NaN})));
        SafetensorsFile read = SafetensorsFile.open(file);
        assertThat(read.metadata()).isEqualTo(Map.of("space", "größer"));
        assertThat(read.names()).containsExactly("b.kernel", "a.large", "none", "single");
        assertThat(read.dims("b.kernel")).containsExactly(3, 2, 5, 5);
        assertThat(read.read("b.kernel")).isEqualTo(kernel);
        assertThat(read.read("a.large")).isEqualTo(large);
        assertThat(read.read("none")).isEmpty();
        assertThat(read.read("single")).containsExactly(Float.NaN);
    }

    @Test
    void pythonReadsWhatIsWritten() throws Exception {
        DebianPython.require();
        Path file = folder.resolve("weights.safetensors");
        float[] values = random(24, 3);
        SafetensorsFile.write(file, Map.of("epoch", "7"), List.of(
            new Entry("first", List.of(5), () -> random(5, 4)), new Entry("second", List.of(2, 3, 4), () -> values)));
        String printed = DebianPython.run("""
            import json, struct, sys
            raw = open(sys.argv[1], 'rb').read()
            length, = struct.unpack('<Q', raw[:8])
            header = json.loads(raw[8:8 + length])
            assert length % 8 == 0 and raw[8:9] == b'{'
            entry = header['second']
            begin, end = entry['data_offsets']
            values = struct.unpack('<%df' % ((end - begin) // 4), raw[8 + length + begin:8 + length + end])
            assert len(raw) == 8 + length + end
            print(header['__metadata__']['epoch'], entry['dtype'], entry['shape'], *map(repr, values))
            """, file).strip();
        assertThat(printed).startsWith("7 F32 [2, 3, 4] ");
        String[] numbers = printed.substring("7 F32 [2, 3, 4] ".length()).split(" ");
        assertThat(numbers).hasSize(24);
        for (int i = 0; i < 24; i++) {
            assertThat((float) Double.parseDouble(numbers[i])).isEqualTo(values[i]);
        }
    }

    @Test
    void otherFloatingPointTypesConvert() throws IOException {
        Path file = file("""
            {"bytes": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]},
             "half": {"dtype": "F16", "shape": [6], "data_offsets": [3, 15]},
             "brain": {"dtype": "BF16", "shape": [2], "data_offsets": [15, 19]},
             "double": {"dtype": "F64", "shape": [1, 1], "data_offsets": [19, 27]},
             "tiny": {"dtype": "F4_NEW", "shape": [2], "data_offsets": [27, 28]}}""", 28);
        ByteBuffer data = ByteBuffer.allocate(25).order(ByteOrder.LITTLE_ENDIAN);
        // 1, -2, the largest, the smallest subnormal, minus zero, infinity
        for (int half : new int[]{0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00}) {
            data.putShort((short) half);
        }
        data.putShort((short) 0x3fc0).putShort((short) 0xc2f7).putDouble(0.1);
        putAt(file, 25, data.array());
        SafetensorsFile read = SafetensorsFile.open(file);
        assertThat(read.read("half")).containsExactly(1f, -2f, 65504f, 0x1p-24f, -0f, Float.POSITIVE_INFINITY);
        assertThat(read.read("brain")).containsExactly(1.5f, -123.5f);
        assertThat(read.read("double")).containsExactly(0.1f);
        assertThatThrownBy(() -> read.read("bytes")).isInstanceOf(InputException.class)
            .hasMessage(file + ": bytes: U8 (expected: F32, F16, BF16 or F64)");
        assertThatThrownBy(() -> read.read("tiny")).hasMessage(file + ": tiny: F4_NEW (expected: F32, F16, BF16 or F64)");
        assertThatThrownBy(() -> read.read("gone")).hasMessage(file + ": no tensor 'gone'");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 4]}} | 4 | a: 4 bytes (expected: as many as F32 [2] needs)",
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}} | 7 | a: ends at byte 8 of 7 (the file is cut off)",
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8]}} | 9 | 1 bytes behind the last tensor (expected: none)",
        "{'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [8, 0]}} | 8 | a: data_offsets [8, 0] (expected: begin and end)",
        "{'a': {'dtype': 'F32', 'shape': [2]}} | 8 | a: no list 'data_offsets'",
        "{'a': {'dtype': 'F32', 'shape': [-2], 'data_offsets': [0, 8]}} | 8 | a: shape [-2] (expected: whole numbers)",
        "{'a': {'dtype': 'F64', 'shape': [2147483647, 2147483647, 9], 'data_offsets': [0, 8]}}"
            + " | 8 | a: 8 bytes (expected: as many as F64",
        "{'a': {'dtype': 'F32', 'shape': [3000000000], 'data_offsets': [0, 8]}}"
            + " | 8 | a: shape [3000000000] (expected: extents below 2^31)",
        "{'a': {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]},"
            + " 'b': {'dtype': 'F32', 'shape': [1], 'data_offsets': [2, 6]}} | 6 | b: begins at 2, in another tensor",
        "{'a': {'dtype': 'U8', 'shape': [4], 'data_offsets': [0, 4]},"
            + " 'b': {'dtype': 'F32', 'shape': [1], 'data_offsets': [6, 10]}} | 10 | b: begins at 6, behind a gap (expected: 4)",
        "{'a': {'dtype': 'U8', 'shape': [0], 'data_offsets': [0, 0]},"
            + " 'a': {'dtype': 'U8', 'shape': [0], 'data_offsets': [0, 0]}} | 0 | header is not JSON: Duplicate field 'a'",
        "{'__metadata__': {'epoch': 7}} | 0 | __metadata__.epoch: 7 (expected: text)",
        "{'a': 3} | 0 | a: no list 'shape'",
        "[] | 0 | header is not a JSON object",
        "{'a' | 0 | header is not JSON: "})
    void damagedFilesAreNamedWithTheTensor(String header, long dataBytes, String problem) throws IOException {
        Path file = file(header.replace('\'', '"'), dataBytes);
        assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": " + problem).hasMessageNotContaining("\n");
    }

    /** As many as fit in a header are read; more, a million say, are refused before any is looked at. */
    @Test
    @Timeout(60)
    void aHeaderHasAnEnd() throws IOException {
        assertThat(SafetensorsFile.open(file(emptyTensors(250_000), 0)).names()).hasSize(250_000);
        Path file = file(emptyTensors(1_000_000), 0);
        assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(InputException.class)
            .hasMessageMatching(".*: header of \\d{8} bytes \\(expected: at most 16777216; is it a safetensors file, and whole\\?\\)");
    }

    private static String emptyTensors(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"" + i + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}")
            .collect(Collectors.joining(",", "{", "}"));
    }

    @Test
    void filesOfAnotherKindAreRefused() throws IOException {
        Path file = folder.resolve("x.safetensors");
        assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": no such file");
        Files.write(file, new byte[3]);
        assertThatThrownBy(() -> SafetensorsFile.open(file)).hasMessage(file + ": 3 bytes (expected: a safetensors file)");
        Files.writeString(file, "PK\u0003\u0004 this is an archive of some other kind");
        assertThatThrownBy(() -> SafetensorsFile.open(file)).isInstanceOf(InputException.class)
            .hasMessageContaining("(expected: at most 34; is it a safetensors file, and whole?)");
        assertThatThrownBy(() -> TensorArchive.open(folder.resolve("weights.pth"))).isInstanceOf(InputException.class)
            .hasMessageEndingWith("weights.pth: not a weight file (expected: a name that ends in .safetensors, .npz, .npy or .onnx)");
    }

    @Test
    void tensorsBeyondTwoGibibytesAreRead() throws IOException {
        // the first tensor is a hole that takes no room on the disk; the second crosses from one mapped chunk to the next
        long hole = (3L << 30) - 6;
        Path file = file("""
            {"hole": {"dtype": "U8", "shape": [2, %d], "data_offsets": [0, %d]},
             "far": {"dtype": "F32", "shape": [3], "data_offsets": [%d, %d]}}
            """.formatted(hole / 2, hole, hole, hole + 12), hole + 12);
        ByteBuffer data = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        putAt(file, 12, data.putFloat(1.25f).putFloat(-2.5f).putFloat(3).array());
        assertThat(SafetensorsFile.open(file).read("far")).containsExactly(1.25f, -2.5f, 3);
    }

    @Tag("slow")
    @Test
    void filesBeyondTwoGibibytesAreWritten() {
        Path file = folder.resolve("large.safetensors");
        float[] values = random(1 << 24, 5);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 34; i++) {
            float first = i;
            entries.add(new Entry("t" + i, List.of(1 << 24), () -> {
                values[0] = first;
                return values;
            }));
        }
        SafetensorsFile.write(file, Map.of(), entries);
        SafetensorsFile read = SafetensorsFile.open(file);
        assertThat(read.read("t33")).isEqualTo(values);
        assertThat(read.read("t32")[0]).isEqualTo(32);
    }

    @Test
    void anEarlierFileStaysReadableAfterANewOneTookItsName() {
        Path file = folder.resolve("checkpoint.safetensors");
        SafetensorsFile.write(file, Map.of(), List.of(new Entry("a", List.of(2), () -> new float[]{1, 2})));
        SafetensorsFile earlier = SafetensorsFile.open(file);
        SafetensorsFile.write(file, Map.of("epoch", "2"), List.of(new Entry("a", List.of(2), () -> new float[]{3, 4})));
        assertThat(earlier.read("a")).containsExactly(1, 2);
        assertThat(SafetensorsFile.open(file).read("a")).containsExactly(3, 4);
    }

    @Test
    void whatCannotBeWrittenRightIsNotWritten() {
        Path file = folder.resolve("weights.safetensors");
        Entry three = new Entry("a", List.of(3), () -> new float[2]);
        assertThatThrownBy(() -> SafetensorsFile.write(file, Map.of(), List.of(three)))
            .isInstanceOf(IllegalArgumentException.class).hasMessage("a: 2 values (expected: as many as [3] has)");
        assertThatThrownBy(() -> SafetensorsFile.write(file, Map.of(), List.of(three, three)))
            .isInstanceOf(IllegalArgumentException.class).hasMessage("a: two tensors of one name");
        assertThat(file).doesNotExist();
    }
}

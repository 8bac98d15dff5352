package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.DebianPython;
import dev.lutra.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumpyArchiveTest {

    @TempDir
    private Path folder;

    /** An array file of version 1 with values 0, 1, 2, … */
    private static byte[] array(String header, int floats) {
        ByteBuffer bytes = ByteBuffer.allocate(10 + header.length() + 4 * floats).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0);
        bytes.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < floats; i++) {
            bytes.putFloat(i);
        }
        return bytes.array();
    }

    private Path archive(Map<String, byte[]> arrays) throws IOException {
        Path file = folder.resolve("weights.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
                zip.write(array.getValue());
            }
        }
        return file;
    }

    @Test
    void bothOrdersGiveRowMajorValues() throws IOException {
        Path file = archive(Map.of(
            "c.weight", array("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 6),
            "f.weight", array("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 6),
            "vector", array("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", 4)));
        TensorArchive read = TensorArchive.open(file);
        assertThat(read.names()).containsExactlyInAnyOrder("c.weight", "f.weight", "vector");
        assertThat(read.dims("f.weight")).containsExactly(2, 3);
        assertThat(read.read("c.weight")).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(read.read("f.weight")).containsExactly(0, 2, 4, 1, 3, 5);
        assertThat(read.read("vector")).containsExactly(0, 1, 2, 3);
    }

    @Test
    void readsWhatNumpyWrites() throws Exception {
        DebianPython.require("numpy");
        DebianPython.run("""
            import sys
            import numpy
            from numpy.lib import format
            values = numpy.arange(20000, dtype='<f4').reshape(10, 20, 100) / 7
            numpy.savez_compressed(sys.argv[1] + '/a.npz', single=numpy.float64(2.5), steps=numpy.arange(3),
                big=values.astype('>f4'), half=values[:, 0, 0].astype('<f2'),
                double=values.astype('<f8'), fortran=numpy.asfortranarray(values),
                record=numpy.zeros(2, dtype=[('x', '<f4')]))
            for version in (1, 2, 3):
                with open(sys.argv[1] + '/v%d.npy' % version, 'wb') as out:
                    format.write_array(out, values, version=(version, 0))
            """, folder);
        float[] values = new float[20000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) i / 7;
        }
        TensorArchive read = TensorArchive.open(folder.resolve("a.npz"));
        assertThat(read.names()).containsExactly("single", "steps", "big", "half", "double", "fortran", "record");
        assertThat(read.dims("single")).isEmpty();
        assertThat(read.read("single")).containsExactly(2.5f);
        assertThat(read.read("double")).isEqualTo(values);
        assertThat(read.read("fortran")).isEqualTo(values);
        assertThat(read.read("half")[9]).isEqualTo(2572f); // 18000 / 7 to the nearest multiple of two
        assertThat(read.dims("steps")).containsExactly(3);
        assertThatThrownBy(() -> read.read("steps")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("a.npz: steps: <i8 (expected: <f4, <f8 or <f2)");
        assertThatThrownBy(() -> read.read("big")).hasMessageEndingWith("big: >f4 (expected: <f4, <f8 or <f2)");
        assertThatThrownBy(() -> read.read("record")).hasMessageEndingWith("record: a record (expected: <f4, <f8 or <f2)");
        assertThatThrownBy(() -> read.dims("gone")).hasMessageEndingWith("a.npz: no tensor 'gone'");
        for (int version = 1; version <= 3; version++) {
            TensorArchive single = TensorArchive.open(folder.resolve("v" + version + ".npy"));
            assertThat(single.names()).containsExactly("v" + version);
            assertThat(single.dims("v" + version)).containsExactly(10, 20, 100);
            assertThat(single.read("v" + version)).isEqualTo(values);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } | x: 20 bytes of values (expected: 24; it is cut off)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (70000, 70000)} | x: shape [70000, 70000] (expected: fewer than 2^31",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3000000000,)} | x: shape (3000000000,) (expected: extents below",
        "{'descr': '<f4', 'shape': (5,), } | x: no 'fortran_order' in the header",
        "{'descr': '<f4', 'fortran_order': False, } | x: no 'shape' in the header"})
    void damagedArraysAreNamed(String header, String problem) throws IOException {
        Path file = archive(Map.of("x", array(header, 5)));
        assertThatThrownBy(() -> NumpyArchive.open(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": " + problem);
    }

    @Test
    void anArchiveHasAnEnd() throws IOException {
        Path file = folder.resolve("x.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i <= 1 << 16; i++) {
                zip.putNextEntry(new ZipEntry(i + ".npy"));
            }
        }
        assertThatThrownBy(() -> NumpyArchive.open(file)).isInstanceOf(InputException.class)
            .hasMessage(file + ": 65537 arrays (expected: at most 65536)");
    }

    @Test
    void filesOfAnotherKindAreRefused() throws IOException {
        Path file = folder.resolve("x.npz");
        assertThatThrownBy(() -> NumpyArchive.open(file)).isInstanceOf(InputException.class).hasMessage(file + ": no such file");
        Files.writeString(file, "no archive at all");
        assertThatThrownBy(() -> NumpyArchive.open(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + ": not an archive of NumPy arrays: ");
        Path pickled = archive(Map.of("x", "something else".getBytes(StandardCharsets.US_ASCII)));
        assertThatThrownBy(() -> NumpyArchive.open(pickled)).isInstanceOf(InputException.class)
            .hasMessage(pickled + ": x: not a NumPy array");
        byte[] future = array("{}", 0);
        future[6] = 4;
        Path newer = folder.resolve("x.npy");
        Files.write(newer, future);
        assertThatThrownBy(() -> NumpyArchive.open(newer)).isInstanceOf(InputException.class)
            .hasMessage(newer + ": version 4 of NumPy's format (expected: 1, 2 or 3)");
    }
}

package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardFileTest {

    /** A reader that shares nothing with the writer: CRC-32C bit by bit, protobuf by its wire format, as TensorBoard's own documents them. */
    private static final String READER = """
        import struct, sys
        def crc(data):
            c = 0xffffffff
            for b in data:
                c ^= b
                for _ in range(8):
                    c = (c >> 1) ^ (0x82f63b78 if c & 1 else 0)
            c ^= 0xffffffff
            return ((c >> 15 | c << 17) + 0xa282ead8) & 0xffffffff
        assert crc(b'123456789') == ((0xe3069283 >> 15 | 0xe3069283 << 17) + 0xa282ead8) & 0xffffffff
        def fields(data):
            at = 0
            def varint():
                nonlocal at
                value = shift = 0
                while True:
                    b = data[at]; at += 1
                    value |= (b & 127) << shift; shift += 7
                    if b < 128: return value
            while at < len(data):
                key = varint()
                if key & 7 == 0: yield key >> 3, varint()
                elif key & 7 == 1: yield key >> 3, struct.unpack('<d', data[at:at + 8])[0]; at += 8
                elif key & 7 == 5: yield key >> 3, struct.unpack('<f', data[at:at + 4])[0]; at += 4
                else:
                    size = varint(); yield key >> 3, data[at:at + size]; at += size
        data = open(sys.argv[1], 'rb').read()
        while data:
            head, (size,) = data[:8], struct.unpack('<Q', data[:8])
            assert struct.unpack('<I', data[8:12])[0] == crc(head)
            body = data[12:12 + size]
            assert struct.unpack('<I', data[12 + size:16 + size])[0] == crc(body)
            data = data[16 + size:]
            event = dict(fields(body))
            if 3 in event: print(event[1], event[3].decode())
            for number, value in fields(event.get(5, b'')):
                scalar = dict(fields(value))
                print(event.get(2, 0), scalar[1].decode(), '%.4f' % scalar[2])
        """;

    @TempDir
    private Path folder;

    @Test
    void anotherReaderFindsEveryScalar() throws Exception {
        Path events = folder.resolve("tb");
        try (TensorBoardFile file = new TensorBoardFile(events, Clock.fixed(Instant.ofEpochSecond(1000), ZoneOffset.UTC))) {
            file.heard(new RunEvent.TrainingStep("train", 1, 2, 2, 40, 2.25, 0.125, 0.5));
            file.heard(new RunEvent.TrainingStep("train", 1, 2, 3, 40, 9, 9, 9)); // one of those that are not kept
            file.heard(new RunEvent.TrainingPace("train", 1, 2, 350.5, 0.0625, null));
            file.heard(new RunEvent.PathsProbed("train", 1, List.of(new RunEvent.PathsProbed.Probed("a", 0.25),
                new RunEvent.PathsProbed.Probed("b", 0.75)), -0.5));
            file.heard(new RunEvent.GenerationEnded(1, 12, Map.of(), 0.875));
            file.heard(new RunEvent.Noted("nothing to draw"));
        }
        assertThat(read(onlyFile(events))).containsExactlyInAnyOrder("1000.0 brain.Event:2", "2 train/loss 2.2500",
            "2 train/accuracy 0.1250", "2 train/learning-rate 0.5000", "2 train/images-per-second 350.5000",
            "2 train/data-wait-share 0.0625", "1 train/probes/accuracy 0.5000", "1 train/probes/tau -0.5000",
            "12 search/hypervolume 0.8750");
    }

    private static Path onlyFile(Path events) throws IOException {
        try (Stream<Path> files = Files.list(events)) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            assertThat(all.get(0).getFileName().toString()).startsWith("events.out.tfevents.1000.");
            return all.get(0);
        }
    }

    private List<String> read(Path file) throws Exception {
        Path reader = Files.writeString(folder.resolve("read.py"), READER);
        Process process = new ProcessBuilder("/usr/bin/python3", reader.toString(), file.toString()).redirectErrorStream(true).start();
        List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }

    @Test
    void aFileInTheFoldersPlaceIsNamed() throws IOException {
        Path taken = Files.writeString(folder.resolve("taken"), "");
        assertThatThrownBy(() -> new TensorBoardFile(taken, Clock.systemUTC())).isInstanceOf(InputException.class)
            .hasMessageStartingWith("--tensorboard: " + taken + ": cannot be written (expected: a folder)");
    }
}

package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Shape;
import dev.lutra.network.Width;
import dev.lutra.proto.onnx.ModelProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {

    private static final Map<String, String> METADATA = Map.of(OnnxMetadata.SPACE, "tiny",
        OnnxMetadata.ARCHITECTURE, "0,1,skip", OnnxMetadata.CLASSES, "Fischotter,カワウソ", OnnxMetadata.SEED, "");

    @TempDir
    Path folder;

    private static ModelProto model() {
        NetworkBuilder g = new NetworkBuilder("small", Shape.image(3, 4, 4), 1e-5);
        g.segment("only");
        Network network = g.build(g.conv("conv", g.input(), ConvSpec.pointwise(Width.of(2))));
        return OnnxExporter.export(network, new TrainedWeights(1), new OnnxOptions(true, OptionalInt.empty(), METADATA));
    }

    @Test
    void keepsModelAndMetadata() throws IOException {
        Path file = folder.resolve("model.onnx");
        Files.writeString(file, "what was there before");
        OnnxFile.write(file, model());
        assertThat(OnnxFile.metadata(file)).isEqualTo(METADATA);
        assertThat(ModelProto.parseFrom(Files.readAllBytes(file))).isEqualTo(model());
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void everyFileCutShortIsRefused() throws IOException {
        Path file = folder.resolve("model.onnx");
        OnnxFile.write(file, model());
        byte[] whole = Files.readAllBytes(file);
        Path cut = folder.resolve("cut.onnx");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> OnnxFile.metadata(cut)).as("%s of %s bytes", length, whole.length)
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(cut + ": not an ONNX model, or cut short");
        }
    }

    @Test
    void otherFilesAreRefusedByName() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "These are no weights.\n");
        Path image = Files.write(folder.resolve("image.jpg"), new byte[]{(byte) 0xff, (byte) 0xd8, (byte) 0xff, 0, 16});
        for (Path file : new Path[]{text, image}) {
            assertThatThrownBy(() -> OnnxFile.metadata(file)).isInstanceOf(InputException.class)
                .hasMessageStartingWith(file + ": not an ONNX model").hasMessageNotContaining("\n");
        }
        Path missing = folder.resolve("missing.onnx");
        assertThatThrownBy(() -> OnnxFile.metadata(missing)).isInstanceOf(InputException.class)
            .hasMessage(missing + ": no such file");
    }
}

package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.cost.Cost;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cell that was searched in a small network, trained for an epoch of few images in its final one, and confirmed by this machine. */
class CellRetrainedTest {

    /** NAONet-V2's cells, as its authors published them. */
    private static final String NAONET_V2 = "1 1 0 1 2 4 0 0 0 0 2 1 0 0 0 2 0 3 0 0 0 2 0 2 2 2 1 0 0 0 0 1 0 0 0 3 0 0 0 1";

    @TempDir
    private Path folder;

    private JsonNode retrain(String images, String retraining) throws IOException {
        Path experiment = Files.writeString(folder.resolve("cell.yaml"), """
            name: cell
            space: nao-cell
            data: {train: "synthetic:4x5", test: "synthetic:4x2"}
            evaluation: {recalibration-images: 8, validation-images: 4, batch: 4}
            targets: [{device: local}]
            profile: {calibrate: 0, half-width: 0.3, rounds: 2, slice: 20 ms, time-limit: 200 ms}
            """ + images + retraining);
        LutraProcess.Result done = LutraProcess.run(folder, "retrain", experiment.toString(), "--out", folder.resolve("run").toString(), "--arch",
            NAONET_V2, "--json");
        assertThat(done.code()).as("%s", done.errors()).isZero();
        return new ObjectMapper().readTree(done.output()).path("networks").path(0);
    }

    private static void assertConfirmed(JsonNode network, SearchSpace large, int cells) throws IOException {
        assertThat(network.path("devices").path("local").path("verified").asBoolean()).as("%s", network).isTrue();
        Cost cost = Cost.of(large.build(large.parse(NAONET_V2)));
        assertThat(network.path("macs").asLong()).isEqualTo(cost.macs());
        assertThat(network.path("params").asLong()).isEqualTo(cost.params());
        Path file = Path.of(network.path("file").asText());
        assertThat(OnnxFile.metadata(file)).containsEntry(OnnxMetadata.SPACE, large.name());
        GraphProto graph = OnnxFile.read(file).getGraph();
        List<NodeProto> joins = graph.getNodeList().stream().filter(node -> node.getOpType().equals("Concat")).toList();
        assertThat(joins).as("a concatenation at the end of every cell").hasSizeGreaterThanOrEqualTo(cells);
        assertThat(graph.getInitializerList()).extracting(TensorProto::getName).noneMatch(name -> name.contains("auxiliary"));
        assertThat(Files.readString(file.resolveSibling("weights.safetensors"), StandardCharsets.ISO_8859_1))
            .as("it was trained with a second classifier").contains("\"auxiliary");
    }

    /** The settings that the documentation has, with fewer epochs and images. */
    @Test
    void asForCifar() throws IOException {
        String page = Files.readString(LutraProcess.CHECKOUT.resolve("docs/background/retraining.md"));
        String cell = page.substring(page.indexOf("## A cell in a larger network"));
        String settings = cell.substring(cell.indexOf("```yaml\n") + 8);
        settings = settings.substring(0, settings.indexOf("```"));
        assertThat(settings).contains("space: nao-cell-36x6", "epochs: 600", "batch: 128", "auxiliary: 0.4");
        JsonNode network = retrain("", settings.replace("epochs: 600", "epochs: 1").replace("batch: 128", "batch: 4"));
        assertConfirmed(network, SpaceFile.load("nao-cell-36x6").withClasses(4), 20);
    }

    /** NAO's network for ImageNet, on smaller images. */
    @Test
    void asForImageNet() throws IOException {
        JsonNode network = retrain("image-size: 64\n", """
            retrain:
              space: nao-cell-52x4
              epochs: 1
              batch: 4
              optimizer: {lr: 0.1, schedule: {exponential: {factor: 0.97}}, weight-decay: 0.00003, decays: all}
              auxiliary: 0.4
            """);
        assertConfirmed(network, SpaceFile.load("nao-cell-52x4").withClasses(4).withImageSize(64), 14);
    }
}

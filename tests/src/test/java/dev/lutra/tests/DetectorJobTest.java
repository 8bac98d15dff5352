package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.AttributeProto.AttributeType;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TensorShapeProto.Dimension;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job for networks with a head of the user's behind them, on images that are wider than high. */
@Tag("slow")
class DetectorJobTest {

    @TempDir
    private Path folder;

    /** Lays two features, of 32 times rows × 12 and 64 × 4 × 6 values, one after the other. */
    private void head(int rows) throws IOException {
        GraphProto.Builder graph = GraphProto.newBuilder().setName("head")
            .addInput(value("feature4", 1, 32, rows, 12)).addInput(value("feature8", 1, 64, 4, 6));
        for (String feature : List.of("feature4", "feature8")) {
            graph.addNode(NodeProto.newBuilder().setOpType("Flatten").addInput(feature).addOutput(feature + "/flat"));
        }
        graph.addNode(NodeProto.newBuilder().setOpType("Concat").addInput("feature4/flat").addInput("feature8/flat").addOutput("boxes")
            .addAttribute(AttributeProto.newBuilder().setName("axis").setType(AttributeType.INT).setI(1)));
        graph.addOutput(value("boxes", 1, 32 * 8 * 12 + 64 * 4 * 6));
        Files.write(folder.resolve("boxes.onnx"),
            ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph).build().toByteArray());
    }

    private static ValueInfoProto value(String name, long... extents) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long extent : extents) {
            shape.addDim(Dimension.newBuilder().setDimValue(extent));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
            TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT_VALUE).setShape(shape))).build();
    }

    @Test
    void theWholeIsTimedBoundedAndVerified() throws IOException {
        SmallJob job = new SmallJob(folder);
        Path experiment = job.experiment("detector", SmallJob.SYNTHETIC, SmallJob.LOCAL + "\nimage-size: 32x48\n");
        Files.writeString(experiment, Files.readString(experiment).replace("export: {", "export: {head: boxes.onnx, "));
        head(9);
        LutraProcess.Result refused = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.message()).contains("boxes.onnx: feature4: [1, 32, 9, 12] (expected: float32, [n, 32, 8, 12]");

        head(8);
        LutraProcess.Result finished = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        job.assertComplete("detector");
        Path run = folder.resolve("runs/detector");
        assertThat(run.resolve("export/winner-1-head.onnx")).exists();
        try (Stream<Path> tables = Files.list(run.resolve("lut"))) {
            JsonNode table = new JsonMapper().readTree(tables.filter(file -> file.toString().endsWith(".json")).findFirst().orElseThrow().toFile());
            assertThat(table.path("entries")).anyMatch(entry -> entry.path("label").asText().equals("small detector-head"))
                .noneMatch(entry -> entry.path("label").asText().endsWith(" classifier"));
        }
        for (JsonNode winner : new JsonMapper().readTree(run.resolve("verification.json").toFile())) {
            JsonNode device = winner.path("devices").path("local");
            assertThat(device.path("predictedNanos").asDouble() / device.path("p50Nanos").asDouble()).as("the same whole").isBetween(0.3, 3.0);
        }
    }
}

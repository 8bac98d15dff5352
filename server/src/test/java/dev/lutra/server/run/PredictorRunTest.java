package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.SearchSpace;
import dev.lutra.server.view.ReportFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of the user's that predicts accuracies: a linear one, run by ONNX Runtime. */
class PredictorRunTest {

    /** Of k3, k5, k7 in either layer. */
    private static final List<Float> GAINS = List.of(0.10f, 0.30f, 0.25f, 0.20f, 0.15f, 0.40f);

    @TempDir
    private Path folder;

    private final SaidLines progress = new SaidLines();

    @BeforeEach
    void writeSpace() throws IOException {
        NineNetworks.write(folder);
    }

    private static ValueInfoProto value(String name, long width) {
        TensorShapeProto shape = TensorShapeProto.newBuilder()
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"))
            .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(width)).build();
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE).setShape(shape))).build();
    }

    private void writeModel(List<Float> gains) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * gains.size()).order(ByteOrder.LITTLE_ENDIAN);
        gains.forEach(bytes::putFloat);
        GraphProto graph = GraphProto.newBuilder().setName("predictor")
            .addInput(value("x", gains.size())).addOutput(value("y", 1))
            .addInitializer(TensorProto.newBuilder().setName("w").setDataType(TensorProto.DataType.FLOAT_VALUE).addDims(gains.size())
                .addDims(1).setRawData(ByteString.copyFrom(bytes.array())))
            .addNode(NodeProto.newBuilder().setOpType("MatMul").addInput("x").addInput("w").addOutput("y")).build();
        Files.write(folder.resolve("predictor.onnx"), ModelProto.newBuilder().setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(graph).build().toByteArray());
    }

    private Experiment experiment(String accuracy) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("predicted.yaml"), """
            name: predicted
            space: nine.yaml
            objectives: [accuracy, macs]
            search: {population: 8, generations: 6}
            accuracy: %s
            """.formatted(accuracy)));
    }

    private Front searched(Experiment experiment) {
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test")) {
            run.all();
            return Front.readJson(run.folder().front(), experiment.genes());
        }
    }

    @Test
    void aRunSearchesByTheModelsAccuracies() throws IOException {
        writeModel(GAINS);
        Experiment experiment = experiment("{onnx: predictor.onnx, encoding: one-hot}");
        Front front = searched(experiment);
        SearchSpace space = experiment.baseSpace();
        Candidate best = front.candidates().get(0);
        assertThat(best.architecture()).hasToString("k5,k7");
        assertThat(best.accuracy()).isCloseTo(0.7, within(1e-6));
        for (Candidate candidate : front.candidates()) {
            double gain = GAINS.get(candidate.architecture().value(0)) + GAINS.get(3 + candidate.architecture().value(1));
            assertThat(candidate.accuracy()).isCloseTo(gain, within(1e-6));
            assertThat(candidate.measures().get("macs")).isEqualTo(Cost.of(space.build(candidate.architecture())).macs());
        }
        assertThat(front.provenance()).containsEntry("accuracy.encoding", "one-hot").containsEntry("accuracy.unit", "share")
            .hasEntrySatisfying("accuracy.onnx", content -> assertThat(content).matches("[0-9a-f]{64}"));
        assertThat(progress.lines()).anyMatch(line -> line.startsWith("train: no supernet; ") && line.endsWith("predictor.onnx predicts accuracies"));
        assertThat(ReportFile.run(folder.resolve("run/report.html"))).contains("Accuracies are predicted by a model");
    }

    /** 3 · 10^19 networks within a limit by a published table of a phone, and no device, no images and no supernet. */
    @Test
    void searchesOnceForAllsSpaceWithinALimitOfAPublishedTable() throws IOException {
        // an image of 224 pixels, then for each layer that is there its kernel of 3, 5, 7 and its expansion of 3, 4, 6
        List<Float> gains = IntStream.range(0, 128)
            .mapToObj(i -> i == 127 ? 0.3f : i >= 120 ? 0 : i < 60 ? 0.004f * (i % 3) : 0.002f + 0.005f * (i % 3)).toList();
        writeModel(gains);
        Front front = searched(onceForAll("{lutra: {budget: 60, candidates: 5000}}"));
        assertThat(front.candidates()).isNotEmpty().allSatisfy(candidate -> {
            assertThat(candidate.measures().get("latency:note10")).isLessThanOrEqualTo(25e6);
            double accuracy = Arrays.stream(candidate.architecture().toString().split(",")).filter(block -> !block.equals("skip"))
                .mapToDouble(block -> 0.004 * "357".indexOf(block.charAt(1)) + 0.002 + 0.005 * "346".indexOf(block.charAt(3))).sum();
            assertThat(candidate.accuracy()).isCloseTo(0.3 + accuracy, within(1e-6));
        });
        Front drawn = searched(onceForAll("{random: {budget: 240}}"));
        assertThat(front.candidates().get(0).accuracy()).as("with a quarter of the evaluations")
            .isGreaterThan(drawn.candidates().get(0).accuracy());
    }

    private Experiment onceForAll(String algorithm) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("phone.yaml"), """
            name: phone
            space: ofa-mobilenetv3-12
            image-size: 224
            accuracy: {onnx: predictor.onnx, encoding: ofa}
            targets: [{device: note10, latency: {p50: 25 ms}, table: %s}]
            search: {algorithm: %s}
            """.formatted(Path.of("../lut/note10-ofa.json").toAbsolutePath(), algorithm)));
    }

    @Test
    void anotherModelIsAskedAnew() throws IOException {
        writeModel(GAINS);
        Experiment experiment = experiment("{onnx: predictor.onnx, encoding: one-hot}");
        searched(experiment);
        writeModel(GAINS.stream().map(gain -> 0.5f - gain).toList());
        assertThat(searched(experiment).candidates().get(0).architecture()).hasToString("k3,k5");
    }

    @Test
    void percentsAreSaidToBe() throws IOException {
        writeModel(GAINS.stream().map(gain -> 100 * gain).toList());
        assertThat(searched(experiment("{onnx: predictor.onnx, encoding: one-hot, unit: percent}")).candidates().get(0).accuracy())
            .isCloseTo(0.7, within(1e-6));
        Experiment shares = experiment("{onnx: predictor.onnx, encoding: one-hot}");
        assertThatThrownBy(() -> searched(shares)).isInstanceOf(InputException.class)
            .hasMessageMatching(".*predictor\\.onnx: accuracy \\d+\\.\\d+ of k[357],k[357] \\(expected: from 0 to 1\\.0; 'unit' says .*");
    }

    @Test
    void whatIsNoPredictorOfTheSpaceIsRefusedBeforeAnyWork() throws IOException {
        Experiment experiment = experiment("{onnx: predictor.onnx, encoding: one-hot}");
        assertThatThrownBy(() -> searched(experiment)).isInstanceOf(InputException.class)
            .hasMessageEndingWith("predictor.onnx: no such file");
        Files.writeString(folder.resolve("predictor.onnx"), "no model");
        assertThatThrownBy(() -> searched(experiment)).isInstanceOf(InputException.class)
            .hasMessageContaining("predictor.onnx: not a model that can be run: ");
        writeModel(GAINS);
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(folder.resolve("predictor.onnx"))).toBuilder();
        model.getGraphBuilder().getInitializerBuilder(0).clearRawData().setDataLocation(1)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("weights.bin"));
        Files.write(folder.resolve("predictor.onnx"), model.build().toByteArray());
        assertThatThrownBy(() -> searched(experiment)).isInstanceOf(InputException.class)
            .hasMessageContaining("predictor.onnx: not a model that can be run: a tensor's values lie in another file ");
        writeModel(GAINS.subList(0, 5));
        assertThatThrownBy(() -> searched(experiment)).isInstanceOf(InputException.class)
            .hasMessageEndingWith("(expected: one input of float32, [n, 6], for the encoding one-hot of nine)");
        Experiment onceForAll = experiment("{onnx: predictor.onnx, encoding: ofa}");
        assertThatThrownBy(() -> searched(onceForAll)).isInstanceOf(InputException.class)
            .hasMessage("accuracy.encoding: ofa, for nine (expected: a space of 20 layers of k3e3 to k7e6 and skip, as ofa-mobilenetv3-12)");
        assertThatThrownBy(() -> experiment("{onnx: predictor.onnx, encoding: digits}")).isInstanceOf(InputException.class)
            .hasMessageEndingWith("predicted.yaml:5: accuracy.encoding: digits (expected: one of one-hot, ofa)");
        assertThatThrownBy(() -> experiment("{onnx: predictor.onnx, encoding: one-hot}\nsupernet: {epochs: 3}"))
            .isInstanceOf(InputException.class).hasMessageEndingWith("supernet: given with accuracy.onnx (expected: one of them)");
    }
}

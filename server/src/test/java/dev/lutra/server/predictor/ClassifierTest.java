package dev.lutra.server.predictor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorShapeProto;
import dev.lutra.proto.onnx.TypeProto;
import dev.lutra.proto.onnx.ValueInfoProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that somebody names as a teacher. */
class ClassifierTest {

    private static final int FLOAT = TensorProto.DataType.FLOAT_VALUE;
    private static final int SIDE = 2;

    @TempDir
    private Path folder;

    private static ValueInfoProto value(String name, long... shape) {
        TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
        for (long size : shape) {
            dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder()
            .setTensorType(TypeProto.Tensor.newBuilder().setElemType(FLOAT).setShape(dimensions))).build();
    }

    /** One that adds a number to every value of an image, each of which is then a class. */
    private static ModelProto.Builder adding(float number) {
        byte[] bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(number).array();
        return model(GraphProto.newBuilder().setName("teacher").addInput(value("x", 1, 3, SIDE, SIDE)).addOutput(value("y", 1, 3, SIDE, SIDE))
            .addInitializer(TensorProto.newBuilder().setName("w").setDataType(FLOAT).addDims(1).setRawData(ByteString.copyFrom(bytes)))
            .addNode(NodeProto.newBuilder().setOpType("Add").addInput("x").addInput("w").addOutput("y")));
    }

    private static ModelProto.Builder model(GraphProto.Builder graph) {
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(graph);
    }

    private Path write(ModelProto.Builder model) throws IOException {
        return Files.write(folder.resolve("teacher.onnx"), model.build().toByteArray());
    }

    private static void assertRefused(Path file, String message) {
        assertThatThrownBy(() -> {
            try (Classifier teacher = Classifier.open(file)) {
                teacher.requireClasses(3 * SIDE * SIDE, ImageSize.square(SIDE));
            }
        }).isInstanceOf(InputException.class).hasMessage(file + ": " + message);
    }

    @Test
    void answersAreThoseOfTheFile() throws IOException {
        try (Classifier teacher = Classifier.open(write(adding(0.5f)))) {
            teacher.requireClasses(3 * SIDE * SIDE, ImageSize.square(SIDE));
            assertThat(teacher.logits(new float[3 * SIDE * SIDE], 1, ImageSize.square(SIDE))).containsOnly(0.5f).hasSize(3 * SIDE * SIDE);
        }
    }

    @Test
    void answersThatAreNoNumbersTeachNobody() throws IOException {
        assertRefused(write(adding(Float.NaN)), "answers NaN to an image (expected: finite numbers)");
        assertRefused(write(adding(Float.POSITIVE_INFINITY)), "answers Infinity to an image (expected: finite numbers)");
    }

    /** What is learned is kept under the file's content, which others' files are no part of. */
    @Test
    void valuesInAnotherFileAreRefused() throws IOException {
        ModelProto.Builder model = adding(0.5f);
        model.getGraphBuilder().getInitializerBuilder(0).clearRawData().setDataLocation(1)
            .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("weights.bin"));
        Files.write(folder.resolve("weights.bin"), new byte[Float.BYTES]);
        assertRefused(write(model), "not a model that can be run: a tensor's values lie in another file (expected: one self-contained file) "
            + "(expected: an ONNX model of images)");
    }

    @Test
    void aModelWithoutInputsIsNone() throws IOException {
        byte[] one = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(1).array();
        Path file = write(model(GraphProto.newBuilder().setName("constant").addOutput(value("y", 1))
            .addInitializer(TensorProto.newBuilder().setName("w").setDataType(FLOAT).addDims(1).setRawData(ByteString.copyFrom(one)))
            .addNode(NodeProto.newBuilder().setOpType("Identity").addInput("w").addOutput("y"))));
        assertRefused(file, "takes [] (expected: one input of float32 or float16, [n, 3, height, width])");
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void onlyRegularFilesAreRead() throws Exception {
        assertRefused(folder.resolve("none.onnx"), "no such file");
        assertRefused(folder, "a folder (expected: a file)");
        Path pipe = folder.resolve("pipe.onnx");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0);
        assertRefused(pipe, "a pipe or a device (expected: a regular file)");
    }
}

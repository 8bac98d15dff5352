package dev.lutra.proto.border;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import dev.lutra.proto.onnx.AttributeProto;
import dev.lutra.proto.onnx.FunctionProto;
import dev.lutra.proto.onnx.GraphProto;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.NodeProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.SparseTensorProto;
import dev.lutra.proto.onnx.StringStringEntryProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TrainingInfoProto;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SelfContainedModelTest {

    private static final TensorProto ELSEWHERE = TensorProto.newBuilder().setName("w").addDims(4).setDataType(1).setDataLocation(1)
        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("../../etc/passwd")).build();
    /** The two marks alone: a reader may go by either. */
    private static final List<TensorProto> ELSEWHERES = List.of(ELSEWHERE, ELSEWHERE.toBuilder().clearExternalData().build(),
        ELSEWHERE.toBuilder().clearDataLocation().build());

    private static ModelProto model(GraphProto.Builder graph) {
        return ModelProto.newBuilder().setIrVersion(8).addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17)).setGraph(graph).build();
    }

    private static GraphProto.Builder graph(NodeProto.Builder... nodes) {
        GraphProto.Builder graph = GraphProto.newBuilder().setName("g");
        for (NodeProto.Builder node : nodes) {
            graph.addNode(node);
        }
        return graph;
    }

    private static NodeProto.Builder node(AttributeProto.Builder attribute) {
        return NodeProto.newBuilder().setOpType("If").addAttribute(attribute.setName("a"));
    }

    private static String problem(ModelProto model) {
        return problem(model.toByteArray());
    }

    private static String problem(byte[] onnx) {
        Optional<String> onHeap = SelfContainedModel.problem(ByteBuffer.wrap(onnx));
        ByteBuffer direct = ByteBuffer.allocateDirect(onnx.length).put(onnx).flip();
        assertThat(SelfContainedModel.problem(direct)).isEqualTo(onHeap);
        return onHeap.orElse("");
    }

    @Test
    void anOrdinaryModelIsTaken() {
        GraphProto.Builder graph = graph(NodeProto.newBuilder().setOpType("Conv"),
            NodeProto.newBuilder().setOpType("FusedConv").setDomain("com.microsoft"),
            node(AttributeProto.newBuilder().setG(graph(NodeProto.newBuilder().setOpType("Relu")))));
        graph.addInitializer(TensorProto.newBuilder().setName("w").addDims(2).setDataType(1).setRawData(ByteString.copyFrom(new byte[8])));
        assertThat(problem(model(graph))).isEmpty();
    }

    /** Every place where the format has a tensor. */
    @Test
    void valuesInAnotherFileAreRefusedWhereverTheyAre() {
        for (TensorProto tensor : ELSEWHERES) {
            SparseTensorProto.Builder sparse = SparseTensorProto.newBuilder().setValues(tensor);
            GraphProto.Builder holder = graph().addInitializer(tensor);
            Map<String, ModelProto> models = new TreeMap<>(Map.of(
                "initializer", model(graph().addInitializer(tensor)),
                "sparse", model(graph().addSparseInitializer(sparse)),
                "indices", model(graph().addSparseInitializer(SparseTensorProto.newBuilder().setIndices(tensor))),
                "attribute", model(graph(node(AttributeProto.newBuilder().setT(tensor)))),
                "attributes", model(graph(node(AttributeProto.newBuilder().addTensors(tensor)))),
                "sparse attribute", model(graph(node(AttributeProto.newBuilder().setSparseTensor(sparse)))),
                "sparse attributes", model(graph(node(AttributeProto.newBuilder().addSparseTensors(sparse)))),
                "subgraph", model(graph(node(AttributeProto.newBuilder().setG(graph(node(AttributeProto.newBuilder().setG(holder))))))),
                "subgraphs", model(graph(node(AttributeProto.newBuilder().addGraphs(holder)))),
                "training", model(graph()).toBuilder().addTrainingInfo(TrainingInfoProto.newBuilder().setAlgorithm(holder)).build()));
            assertThat(models).allSatisfy((where, model) -> assertThat(problem(model)).as(where)
                .isEqualTo("a tensor's values lie in another file (expected: one self-contained file)"));
        }
    }

    /** A message that comes in two parts is one, and a later word may take back an earlier one: not here. */
    @Test
    void whatIsTakenBackIsRefusedAllTheSame() throws Exception {
        byte[] twice = ByteString.copyFrom(model(graph().addInitializer(ELSEWHERE)).toByteArray())
            .concat(model(graph()).toByteString()).toByteArray();
        assertThat(problem(twice)).startsWith("a tensor's values lie in another file");
        TensorProto both = TensorProto.parseFrom(TensorProto.newBuilder().setDataLocation(1).build().toByteString()
            .concat(ByteString.copyFrom(new byte[]{0x70, 0})));
        assertThat(both.getDataLocation()).isZero();
        ByteString tensor = TensorProto.newBuilder().setDataLocation(1).build().toByteString().concat(ByteString.copyFrom(new byte[]{0x70, 0}));
        UnknownFieldSet graph = UnknownFieldSet.newBuilder().addField(5, UnknownFieldSet.Field.newBuilder().addLengthDelimited(tensor).build())
            .build();
        UnknownFieldSet model = UnknownFieldSet.newBuilder()
            .addField(7, UnknownFieldSet.Field.newBuilder().addLengthDelimited(graph.toByteString()).build()).build();
        assertThat(problem(model.toByteArray())).startsWith("a tensor's values lie in another file");
    }

    @Test
    void operatorsAndFunctionsFromOutsideAreRefused() {
        assertThat(problem(model(graph(NodeProto.newBuilder().setOpType("Evil").setDomain("my.library")))))
            .isEqualTo("has an operator of domain 'my.library' (expected: operators that the runtime has)");
        assertThat(problem(model(graph(node(AttributeProto.newBuilder().setG(
            graph(NodeProto.newBuilder().setOpType("PyOp").setDomain("ai.onnx.contrib")))))))).contains("domain 'ai.onnx.contrib'");
        assertThat(problem(model(graph(NodeProto.newBuilder().setOpType("EPContext").setDomain("com.microsoft")))))
            .isEqualTo("has an operator EPContext, which runs what is not in the file");
        assertThat(problem(model(graph()).toBuilder().addFunctions(FunctionProto.newBuilder().setName("Relu")).build()))
            .isEqualTo("defines functions of its own (expected: operators that the runtime has)");
    }

    @Test
    void whatIsNoOnnxFileIsRefused() {
        assertThat(problem(new byte[0])).isEqualTo("has no graph (expected: an ONNX file)");
        assertThat(problem(new byte[]{1, 2, 3})).startsWith("cannot be read as an ONNX file: ");
        assertThat(problem(new byte[]{0x3a, 5, 1})).startsWith("cannot be read as an ONNX file: ");
        assertThat(problem(new byte[]{0x3a, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f}))
            .startsWith("cannot be read as an ONNX file: ");
        assertThat(problem(new byte[]{0x3a, 0, 0x3c})).startsWith("cannot be read as an ONNX file: ");
        // a producer's name of 20 bytes, the runtime's mark at its place within it, then a graph
        byte[] both = ByteBuffer.allocate(24).put((byte) 0x12).put((byte) 20).put(2, new byte[20])
            .put(4, "ORTM".getBytes(StandardCharsets.US_ASCII)).put(22, new byte[]{0x3a, 0}).array();
        assertThat(problem(both)).isEqualTo("in ONNX Runtime's own format (expected: ONNX)");
    }

    @Test
    void depthIsBounded() {
        GraphProto.Builder inner = graph().addInitializer(ELSEWHERE);
        for (int i = 0; i < 60; i++) {
            inner = graph(node(AttributeProto.newBuilder().setG(inner)));
        }
        assertThat(problem(model(inner))).isEqualTo("is nested more than 100 deep");
    }
}

package dev.lutra.onnx;

import dev.lutra.InputException;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.WeightSource;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.OperatorSetIdProto;
import dev.lutra.proto.onnx.StringStringEntryProto;

/**
 * Writes networks as ONNX models for inference, lowered as the options say.
 *
 * <p>Inputs are called {@code input}, or {@code input0}, {@code input1}, … if there are several; outputs likewise.
 * Every other value and node carries the name of its op. Initializers are the network's weights and nothing else.
 */
public final class OnnxExporter {

    /** The newest operators used are those of 14 (hard-swish); 17 is what runtimes of 2022 and later read. */
    public static final int OPSET = 17;

    /** The file format version that belongs to operator set 17. */
    static final int IR_VERSION = 8;

    private static final String PRODUCER = "lutra";

    private OnnxExporter() {}

    /**
     * @param network a whole network, or a segment as one
     * @param weights of every op of the network
     * @throws IllegalArgumentException if the network has no output, or the weights do not fit it
     * @throws InputException if the network rounds to grids and what is between them is to be float16, which the operator set has not
     */
    public static ModelProto export(Network network, WeightSource weights, OnnxOptions options) {
        if (network.outputs().isEmpty()) {
            throw new IllegalArgumentException(network.name() + ": nothing to export (expected: at least one output)");
        }
        if (network.isQuantized() && options.precision() == Precision.FLOAT16) {
            throw new InputException("precision: float16 beside bits (expected: float32; layers of few bits compute in these)");
        }
        ModelProto.Builder model = ModelProto.newBuilder()
            .setIrVersion(IR_VERSION)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
            .setProducerName(PRODUCER)
            .setProducerVersion(options.metadata().getOrDefault(OnnxMetadata.VERSION, ""))
            .setGraph(new GraphWriter(LoweredNetwork.of(network, weights).after(options.lowering()), options.batch()).write());
        network.ops().stream().filter(Op.Head.class::isInstance).map(Op.Head.class::cast).map(head -> head.graph().model())
            .flatMap(head -> head.getOpsetImportList().stream()).filter(opset -> !opset.getDomain().isEmpty()).forEach(model::addOpsetImport);
        options.metadata().forEach((key, value) -> model.addMetadataProps(StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return model.build();
    }
}

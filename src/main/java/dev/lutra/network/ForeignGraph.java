package dev.lutra.network;

import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.onnx.ModelProto;
import java.util.List;

/**
 * A graph of somebody else that continues a network. Two of the same content are equal.
 */
public final class ForeignGraph {

    private final String content;
    private final List<String> inputs;
    private final ModelProto model;

    /** @param inputs names of what it reads */
    public ForeignGraph(List<String> inputs, ModelProto model) {
        this.content = Sha256.of(model.toByteArray());
        this.inputs = List.copyOf(inputs);
        this.model = model;
    }

    /** Hash of the model. */
    public String content() {
        return content;
    }

    /** Names of what it reads, in the order of the op's inputs. */
    public List<String> inputs() {
        return inputs;
    }

    public ModelProto model() {
        return model;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ForeignGraph graph && graph.content.equals(content);
    }

    @Override
    public int hashCode() {
        return content.hashCode();
    }
}

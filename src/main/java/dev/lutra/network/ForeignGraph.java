package dev.lutra.network;

import java.util.List;

/**
 * A graph of somebody else that continues a network, as an ONNX model. Two of the same content are equal.
 */
public final class ForeignGraph {

    private final String content;
    private final List<String> inputs;
    private final byte[] model;

    /**
     * @param content hash of the model
     * @param inputs names of what it reads
     */
    public ForeignGraph(String content, List<String> inputs, byte[] model) {
        this.content = content;
        this.inputs = List.copyOf(inputs);
        this.model = model.clone();
    }

    /** Hash of the model. */
    public String content() {
        return content;
    }

    /** Names of what it reads, in the order of the op's inputs. */
    public List<String> inputs() {
        return inputs;
    }

    /** The model as a file holds it. */
    public byte[] model() {
        return model.clone();
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

package dev.lutra.onnx.deploy;

import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.yaml.YamlNode;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a program that runs a network wants its file to be like.
 *
 * @param batch images a call, at least 1; empty for an axis of any extent
 * @param opset version of ONNX's operators, {@value #OLDEST_OPSET} to {@value #NEWEST_OPSET}
 * @param pixels whether it takes images as they are decoded: bytes, {@code [n, height, width, channels]}
 * @param softmax whether it gives probabilities
 * @param precision what it computes in; inputs and outputs are float32 all the same
 * @param input what its input is called
 * @param output what its output is called
 */
public record Deployment(OptionalInt batch, int opset, boolean pixels, boolean softmax, Precision precision, String input, String output) {

    /** The oldest in which softmax is over one axis. */
    public static final int OLDEST_OPSET = 13;

    /** The newest that ONNX Runtime, OpenCV and the tests of this class agree on. */
    public static final int NEWEST_OPSET = 21;

    private static final int USUAL_OPSET = 17;
    private static final int MOST_IMAGES = 4096;
    private static final String NAME = "[A-Za-z_][A-Za-z0-9_./:-]{0,99}";

    /** @throws IllegalArgumentException if input and output are called alike */
    public Deployment {
        if (input.equals(output)) {
            throw new IllegalArgumentException("input and output are both called " + input + " (expected: two names)");
        }
    }

    /**
     * Reads one as an experiment file has it.
     *
     * @throws dev.lutra.InputException with file, line, key and expectation
     */
    public static Deployment read(YamlNode node) {
        Optional<YamlNode> output = node.find("output");
        String input = node.find("input").map(Deployment::name).orElse("input");
        if (output.isPresent() && output.get().text().equals(input)) {
            throw output.get().error(input + " (expected: another name than the input's)");
        }
        Deployment read = new Deployment(
            node.find("batch").map(n -> OptionalInt.of(n.integer(1, MOST_IMAGES))).orElse(OptionalInt.empty()),
            node.find("opset").map(n -> n.integer(OLDEST_OPSET, NEWEST_OPSET)).orElse(USUAL_OPSET),
            node.find("pixels").map(YamlNode::flag).orElse(false),
            node.find("softmax").map(YamlNode::flag).orElse(false),
            node.find("precision").map(n -> n.oneOf(Precision.class)).orElse(Precision.FLOAT32),
            input, output.map(Deployment::name).orElse("output"));
        node.rejectUnknownKeys();
        return read;
    }

    private static String name(YamlNode node) {
        if (!node.text().matches(NAME)) {
            throw node.error("'" + node.text() + "' (expected: at most 100 letters, digits, '_', '.', '/', ':', '-', a letter first)");
        }
        return node.text();
    }

    /** By the keys that {@link #read} takes. */
    public NamedValues values() {
        NamedValues.Builder values = NamedValues.builder();
        batch.ifPresent(images -> values.put("batch", images));
        return values.put("opset", opset).put("pixels", pixels).put("softmax", softmax).put("precision", precision.toString())
            .put("input", input).put("output", output).build();
    }
}

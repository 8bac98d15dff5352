package dev.lutra.onnx.deploy;

import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.proto.content.Sha256;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a program that runs a network wants its file to be like.
 *
 * @param batch images a call, at least 1; empty for an axis of any extent
 * @param opset version of ONNX's operators, {@value #OLDEST_OPSET} to {@value #NEWEST_OPSET}
 * @param pixels whether it takes images as they are decoded: bytes, {@code [n, height, width, channels]}
 * @param softmax whether it gives probabilities of which one class holds
 * @param sigmoid whether it gives a probability for each class by itself
 * @param precision what it computes in; inputs and outputs are float32 all the same
 * @param int4 whether weights of 4 bits and fewer are stored in 4 bits each, not in bytes
 * @param input what its input is called
 * @param output what its output is called
 * @param features strides whose last values are its outputs, in the place of the classes: {@code feature8} for 8, and so on; empty for the
 *     classes
 * @param head an ONNX file that reads these features by these names and gives the outputs in their place
 */
public record Deployment(OptionalInt batch, int opset, boolean pixels, boolean softmax, boolean sigmoid, Precision precision, boolean int4,
    String input, String output, List<Integer> features, Optional<Path> head) {

    /** The oldest in which softmax is over one axis. */
    public static final int OLDEST_OPSET = 13;

    /** The newest that ONNX Runtime, OpenCV and the tests of this class agree on. */
    public static final int NEWEST_OPSET = 21;

    private static final int USUAL_OPSET = 17;
    private static final int MOST_IMAGES = 4096;
    private static final int MOST_STRIDE = 1024;
    private static final String NAME = "[A-Za-z_][A-Za-z0-9_./:-]{0,99}";

    /** @throws IllegalArgumentException if input and output are called alike */
    public Deployment {
        features = List.copyOf(features);
        if (input.equals(output)) {
            throw new IllegalArgumentException("input and output are both called " + input + " (expected: two names)");
        }
    }

    /**
     * Reads one as an experiment file has it.
     *
     * @param folder that paths are relative to
     * @throws dev.lutra.InputException with file, line, key and expectation
     */
    public static Deployment read(YamlNode node, Path folder) {
        List<Integer> features = features(node);
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
            node.find("sigmoid").map(YamlNode::flag).orElse(false),
            node.find("precision").map(n -> n.oneOf(Precision.class)).orElse(Precision.FLOAT32),
            node.find("int4").map(YamlNode::flag).orElse(false),
            input, output.map(Deployment::name).orElse("output"), features, node.find("head").map(head -> folder.resolve(head.text())));
        node.find("sigmoid").filter(sigmoid -> read.sigmoid && read.softmax).ifPresent(sigmoid -> {
            throw sigmoid.error("given with softmax (expected: one of them)");
        });
        for (String key : List.of("softmax", "sigmoid", "output")) {
            node.find(key).filter(other -> !features.isEmpty()).ifPresent(other -> {
                throw other.error("given with features, which have outputs of their own (expected: no such key)");
            });
        }
        node.find("int4").filter(int4 -> read.int4() && read.opset() < FourBitWeights.OPSET).ifPresent(int4 -> {
            throw int4.error("with opset " + read.opset() + " (expected: opset: " + FourBitWeights.OPSET + ", the first with numbers of 4 bits)");
        });
        node.find("head").filter(head -> features.isEmpty()).ifPresent(head -> {
            throw head.error("given without features (expected: the strides that it reads, such as features: [8, 16, 32])");
        });
        node.rejectUnknownKeys();
        return read;
    }

    private static List<Integer> features(YamlNode node) {
        List<Integer> strides = node.find("features").map(list -> list.items().stream().map(stride -> stride.integer(1, MOST_STRIDE)).toList())
            .orElse(List.of());
        if (strides.size() != Set.copyOf(strides).size()) {
            throw node.get("features").error(strides + " (expected: each stride once)");
        }
        return strides;
    }

    /** The operator that makes probabilities of outputs, if any. */
    Optional<String> ending() {
        return softmax ? Optional.of("Softmax") : sigmoid ? Optional.of("Sigmoid") : Optional.empty();
    }

    /** What the output of a stride is called, and what a head reads it by. */
    public static String feature(int stride) {
        return "feature" + stride;
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
            .put("input", input).put("output", output)
            .putLater("sigmoid", Boolean.toString(sigmoid), Boolean.toString(false))
            .putLater("int4", Boolean.toString(int4), Boolean.toString(false))
            .putLater("features", features.stream().map(String::valueOf).collect(Collectors.joining(",")), "")
            .putLater("head", head.map(Sha256::ofFile).orElse("none"), "none").build();
    }
}

package dev.lutra.space.interchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.lutra.InputException;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Shape;
import dev.lutra.space.Architecture;
import dev.lutra.space.Header;
import dev.lutra.space.MisplacedLayerException;
import dev.lutra.space.NamedBlock;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.StagedSpace;
import dev.lutra.space.block.Block;
import dev.lutra.space.block.ConvBlock;
import dev.lutra.space.block.DropoutBlock;
import dev.lutra.space.block.FlattenBlock;
import dev.lutra.space.block.GlobalPoolBlock;
import dev.lutra.space.block.LinearBlock;
import dev.lutra.space.block.MbBlock;
import dev.lutra.space.block.Placement;
import dev.lutra.space.block.SkipBlock;
import dev.lutra.space.block.SqueezeExcite;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The {@code net.config} JSON of ProxylessNAS and Once-for-all: a network of inverted bottlenecks, layer by layer. It
 * becomes a space with one option a layer.
 *
 * <p>ProxylessNASNets pool after {@code feature_mix_layer}; MobileNetV3 pools between {@code final_expand_layer} and
 * {@code feature_mix_layer}. Squeeze-excite is Once-for-all's: a quarter of the expanded channels, rounded to eights.
 */
final class NetConfig {

    private static final String PROXYLESS = "ProxylessNASNets";
    private static final String MOBILENET_V3 = "MobileNetV3";
    private static final int IMAGE_SIZE = 224; // the file does not say; a run.config beside it may
    private static final SqueezeExcite SQUEEZE_EXCITE = new SqueezeExcite(0.25, SqueezeExcite.Basis.SCALED_CHANNELS,
        SqueezeExcite.Rounding.NEAREST_8, true, false, Function.RELU, Function.HARD_SIGMOID);

    private static final int MOST_KERNEL = 1000;
    private static final int MOST_MID_CHANNELS = 64 * Header.MOST_CHANNELS;
    private static final String USUAL_ORDER = "weight_bn_act";
    /** Keys that change a network, with the values that do not, by kind of layer. */
    private static final Map<String, String> PLAIN_CONVOLUTION = Map.of("dilation", "1", "groups", "1|null",
        "has_shuffle", "false", "dropout_rate", "0|0.0", "ops_order", USUAL_ORDER, "use_se", "false");
    private static final Map<String, String> PLAIN_BOTTLENECK = Map.of("groups", "1|null", "channels_per_group", "null",
        "dropout_rate", "0|0.0");
    private static final Map<String, String> PLAIN_LINEAR = Map.of("use_bn", "false", "act_func", "null",
        "ops_order", USUAL_ORDER);
    private static final Map<String, String> PLAIN_IDENTITY = Map.of("use_bn", "false", "act_func", "null",
        "dropout_rate", "0|0.0", "ops_order", USUAL_ORDER);

    private static final Map<Function, String> ACTIVATIONS = new EnumMap<>(Map.of(
        Function.RELU, "relu", Function.RELU6, "relu6", Function.HARD_SWISH, "h_swish",
        Function.HARD_SIGMOID, "h_sigmoid", Function.SWISH, "swish", Function.SIGMOID, "sigmoid"));

    private NetConfig() {}

    static ArchitectureFile read(YamlNode root, Path file) {
        int size = imageSize(file);
        Header header = new Header(file.getFileName().toString().replaceFirst("\\.[^.]*$", ""),
            "The network of " + file.getFileName(), file.toString(), Shape.image(3, size, size),
            root.get("classifier").get("out_features").integer(1, Header.MOST_CLASSES), true,
            root.find("bn").flatMap(node -> node.find("eps")).map(node -> node.number(1e-12, 1)).orElse(1e-5),
            Optional.empty());
        List<YamlNode> rows = new ArrayList<>(List.of(root.get("first_conv")));
        List<StagedSpace.Layer> layers = new ArrayList<>(List.of(conv("stem", root.get("first_conv"))));
        for (YamlNode block : root.get("blocks").items()) {
            int before = layers.get(layers.size() - 1).channels().orElseThrow();
            rows.add(block);
            layers.add(block("layer" + layers.size(), block, before));
        }
        for (StagedSpace.Layer layer : tail(root)) {
            rows.add(root);
            layers.add(layer);
        }
        root.find("bn").ifPresent(bn -> requireOnly(bn, Map.of("ws_eps", "null"), "eps", "momentum"));
        requireOnly(root, Map.of(), "name", "bn");
        try {
            SearchSpace space = new StagedSpace(header, layers);
            return new ArchitectureFile(space, space.architecture(new int[space.genes().size()]));
        } catch (MisplacedLayerException e) {
            throw rows.get(e.layer()).error(e.getMessage());
        }
    }

    private static int imageSize(Path file) {
        Path run = file.resolveSibling("run.config");
        YamlNode settings = Files.exists(run) ? YamlNode.read(run) : YamlNode.EMPTY;
        return settings.find("image_size").map(node -> node.integer(1, Header.MOST_SIZE)).orElse(IMAGE_SIZE);
    }

    private static List<StagedSpace.Layer> tail(YamlNode root) {
        String name = root.get("name").text();
        if (name.equals(PROXYLESS)) {
            requireNeutral(root, Map.of("final_expand_layer", "null"));
        }
        StagedSpace.Layer mix = conv("last", root.get("feature_mix_layer"));
        StagedSpace.Layer pool = fixed("global-pool", OptionalInt.empty(), 1, new GlobalPoolBlock());
        List<StagedSpace.Layer> tail = new ArrayList<>(switch (name) {
            case PROXYLESS -> List.of(mix, pool);
            case MOBILENET_V3 -> List.of(conv("widest", root.get("final_expand_layer")), pool, mix);
            default -> throw root.get("name").error(name + " (expected: " + PROXYLESS + " or " + MOBILENET_V3 + ")");
        });
        double dropout = root.get("classifier").find("dropout_rate").map(node -> node.number(0, 0.99)).orElse(0.0);
        if (dropout > 0) {
            tail.add(fixed("dropout", OptionalInt.empty(), 1, new DropoutBlock(dropout)));
        }
        boolean bias = root.get("classifier").find("bias").map(YamlNode::flag).orElse(true);
        requireOnly(root.get("classifier"), PLAIN_LINEAR, "name", "in_features", "out_features");
        tail.add(fixed("classifier", OptionalInt.empty(), 1, new LinearBlock(bias)));
        return tail;
    }

    private static StagedSpace.Layer fixed(String name, OptionalInt channels, int stride, Block block) {
        return new StagedSpace.Layer(name, channels, stride, List.of(NamedBlock.fixed(name, block)), List.of(), List.of(), false);
    }

    private static StagedSpace.Layer conv(String name, YamlNode node) {
        requireNamed(node, "ConvLayer");
        int kernel = kernel(node);
        boolean batchNorm = node.find("use_bn").map(YamlNode::flag).orElse(true);
        boolean bias = node.find("bias").map(YamlNode::flag).orElse(false);
        int stride = node.find("stride").map(value -> value.integer(1, Header.MOST_SIZE)).orElse(1);
        StagedSpace.Layer layer = fixed(name, OptionalInt.of(node.get("out_channels").integer(1, Header.MOST_CHANNELS)), stride,
            new ConvBlock(kernel, bias, batchNorm, activation(node)));
        requireOnly(node, PLAIN_CONVOLUTION, "name", "in_channels");
        return layer;
    }

    /** Absent is what its name says. */
    private static void requireNamed(YamlNode node, String kind) {
        node.find("name").ifPresent(name -> {
            if (!name.text().equals(kind)) {
                throw name.error(name.text() + " (expected: " + kind + ")");
            }
        });
    }

    /** Refuses a key that changes a network in a way that is not read here, unless its value changes nothing. */
    private static void requireNeutral(YamlNode node, Map<String, String> neutral) {
        neutral.forEach((key, values) -> node.find(key).ifPresent(value -> {
            boolean plain = !value.isList() && !value.isMapping();
            String found = plain ? value.isNull() ? "null" : value.text() : "this";
            if (!plain || !List.of(values.split("\\|")).contains(found)) {
                throw value.error(found + " (expected: "
                    + values.replace("|", " or ") + "; other networks are not read)");
            }
        }));
    }

    /** Of the keys that nobody read yet only those that change nothing. */
    private static void requireOnly(YamlNode node, Map<String, String> neutral, String... unimportant) {
        requireNeutral(node, neutral);
        for (String key : unimportant) {
            node.find(key);
        }
        node.rejectUnknownKeys();
    }

    private static int kernel(YamlNode node) {
        int kernel = node.get("kernel_size").integer(1, MOST_KERNEL);
        if (kernel % 2 == 0) {
            throw node.get("kernel_size").error(kernel + " (expected: an odd number)");
        }
        return kernel;
    }

    private static StagedSpace.Layer block(String layer, YamlNode node, int before) {
        YamlNode conv = node.find("mobile_inverted_conv").or(() -> node.find("conv"))
            .orElseThrow(() -> node.error("no 'mobile_inverted_conv' (expected: a key of that name, or 'conv')"));
        boolean shortcut = hasShortcut(node);
        requireOnly(node, Map.of(), "name");
        String kind = conv.get("name").text();
        switch (kind) {
            case "MBInvertedConvLayer", "MBConvLayer" -> {
                return bottleneck(layer, conv, shortcut, before);
            }
            case "ZeroLayer" -> {
                if (!shortcut) {
                    throw node.error("a ZeroLayer without a shortcut (expected: one; nothing passes)");
                }
                requireOnly(conv, Map.of("stride", "1"), "name");
                return searchable(layer, before, 1, "skip", new SkipBlock(false, Optional.empty()));
            }
            default -> throw conv.get("name").error(kind + " (expected: MBInvertedConvLayer, MBConvLayer or ZeroLayer)");
        }
    }

    private static boolean hasShortcut(YamlNode block) {
        Optional<YamlNode> shortcut = block.find("shortcut").filter(YamlNode::isMapping);
        shortcut.ifPresent(node -> {
            requireNamed(node, "IdentityLayer");
            requireOnly(node, PLAIN_IDENTITY, "name", "in_channels", "out_channels");
        });
        return shortcut.isPresent();
    }

    private static StagedSpace.Layer bottleneck(String layer, YamlNode conv, boolean residual, int before) {
        int in = conv.get("in_channels").integer(1, Header.MOST_CHANNELS);
        if (in != before) {
            throw conv.get("in_channels").error(in + " (expected: " + before + ", what comes before)");
        }
        int kernel = kernel(conv);
        double ratio = conv.get("expand_ratio").number(0.01, 64);
        int mid = conv.find("mid_channels").filter(node -> !node.isNull()).map(node -> node.integer(1, MOST_MID_CHANNELS))
            .orElse((int) Math.rint(in * ratio));
        MbBlock.Expansion expansion = new MbBlock.Expansion((double) mid / in, false);
        boolean excites = conv.find("use_se").map(YamlNode::flag).orElse(false);
        MbBlock block = new MbBlock(new MbBlock.Depthwise(kernel, kernel, 1), expansion, expansion, 1,
            activation(conv).orElse(Function.RELU6), Optional.of(SQUEEZE_EXCITE).filter(x -> excites), residual);
        String name = "k" + kernel + "e" + (ratio == Math.rint(ratio) ? Long.toString((long) ratio) : Double.toString(ratio))
            + (excites ? "se" : "");
        StagedSpace.Layer read = searchable(layer, conv.get("out_channels").integer(1, Header.MOST_CHANNELS),
            conv.get("stride").integer(1, Header.MOST_SIZE), name, block);
        requireOnly(conv, PLAIN_BOTTLENECK, "name");
        return read;
    }

    private static StagedSpace.Layer searchable(String layer, int channels, int stride, String name, Block block) {
        return new StagedSpace.Layer(layer, OptionalInt.of(channels), stride, List.of(NamedBlock.fixed(name, block)),
            List.of(), List.of(), true);
    }

    /** Absent means ReLU6, as the first files of the format had no such key. */
    private static Optional<Function> activation(YamlNode node) {
        Optional<YamlNode> name = node.find("act_func");
        if (name.isEmpty()) {
            return Optional.of(Function.RELU6);
        }
        if (name.get().isNull()) {
            return Optional.empty();
        }
        return Optional.of(ACTIVATIONS.entrySet().stream().filter(entry -> entry.getValue().equals(name.get().text()))
            .map(Map.Entry::getKey).findFirst().orElseThrow(() -> name.get().error(name.get().text()
                + " (expected: one of " + String.join(", ", ACTIVATIONS.values()) + ")")));
    }

    static String write(SearchSpace space, Architecture architecture) {
        if (!(space instanceof StagedSpace staged)) {
            throw notExpressible(space.name(), "cells");
        }
        if (staged.table().stream().anyMatch(layer -> !layer.bits().isEmpty())) {
            throw notExpressible(space.name(), "bits");
        }
        return new Writer(staged, architecture).write();
    }

    private static InputException notExpressible(String what, String found) {
        return new InputException(what + ": " + found + " (expected: what net.config can say: a convolution, "
            + "inverted bottlenecks, a 1x1 convolution, global pooling, perhaps another 1x1, a linear layer)");
    }

    /** Walks a network's layers in the order that the format has them. */
    private static final class Writer {

        private final StagedSpace space;
        private final Iterator<StagedSpace.PlacedBlock> layers;
        private StagedSpace.PlacedBlock next;
        private int channels;

        Writer(StagedSpace space, Architecture architecture) {
            this.space = space;
            this.layers = space.placedBlocks(architecture).iterator();
            this.channels = space.input().channels();
            advance();
        }

        private StagedSpace.PlacedBlock advance() {
            StagedSpace.PlacedBlock passed = next;
            next = layers.hasNext() ? layers.next() : null;
            return passed;
        }

        private boolean is(Class<? extends Block> kind) {
            return next != null && kind.isInstance(next.option().block());
        }

        private StagedSpace.PlacedBlock take(Class<? extends Block> kind) {
            if (!is(kind)) {
                throw notExpressible(space.name(), next == null ? "no more layers" : next.option().name());
            }
            return advance();
        }

        String write() {
            Map<String, Object> first = conv(take(ConvBlock.class));
            List<Object> blocks = new ArrayList<>();
            while (is(MbBlock.class) || is(SkipBlock.class)) {
                blocks.add(next.option().block() instanceof MbBlock ? bottleneck(advance()) : skip(advance()));
            }
            Map<String, Object> beforePool = conv(take(ConvBlock.class));
            take(GlobalPoolBlock.class);
            Optional<Map<String, Object>> afterPool = is(ConvBlock.class) ? Optional.of(conv(advance())) : Optional.empty();
            double dropout = is(DropoutBlock.class) ? ((DropoutBlock) advance().option().block()).rate() : 0;
            if (is(FlattenBlock.class)) {
                advance();
            }
            Map<String, Object> classifier = linear(take(LinearBlock.class), dropout);
            if (next != null) {
                throw notExpressible(space.name(), next.option().name());
            }
            Map<String, Object> root = new LinkedHashMap<>();
            root.put("name", afterPool.isPresent() ? MOBILENET_V3 : PROXYLESS);
            root.put("bn", Map.of("eps", space.header().batchNormEpsilon()));
            root.put("first_conv", first);
            root.put("blocks", blocks);
            afterPool.ifPresent(mix -> root.put("final_expand_layer", beforePool));
            root.put("feature_mix_layer", afterPool.orElse(beforePool));
            root.put("classifier", classifier);
            return json(root);
        }

        private Map<String, Object> conv(StagedSpace.PlacedBlock placed) {
            ConvBlock block = (ConvBlock) placed.option().block();
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", "ConvLayer");
            json.put("kernel_size", block.kernel());
            json.put("stride", placed.placement().stride());
            json.put("bias", block.bias());
            json.put("in_channels", channels);
            json.put("out_channels", placed.placement().channels());
            json.put("use_bn", block.batchNorm());
            json.put("act_func", block.activation().map(ACTIVATIONS::get).orElse(null));
            channels = placed.placement().channels();
            return json;
        }

        private Map<String, Object> bottleneck(StagedSpace.PlacedBlock placed) {
            MbBlock block = (MbBlock) placed.option().block();
            Placement placement = placed.placement();
            requireExpressible(block, placement);
            int mid = block.inner(channels, placement).active();
            Map<String, Object> conv = new LinkedHashMap<>();
            conv.put("name", "MBInvertedConvLayer");
            conv.put("in_channels", channels);
            conv.put("out_channels", placement.channels());
            conv.put("kernel_size", block.depthwise().kernel());
            conv.put("stride", placement.stride());
            conv.put("expand_ratio", ratio((double) mid / channels));
            conv.put("mid_channels", mid);
            conv.put("act_func", ACTIVATIONS.get(block.activation()));
            conv.put("use_se", block.squeezeExcite().isPresent());
            boolean shortcut = block.residual() && placement.stride() == 1 && channels == placement.channels();
            channels = placement.channels();
            return block(conv, shortcut);
        }

        private static Object ratio(double value) {
            return value == Math.rint(value) ? (Object) (int) value : (Object) value;
        }

        private void requireExpressible(MbBlock block, Placement placement) {
            boolean plain = block.groups() == 1 && block.depthwise().repeats() == 1
                && block.expands(channels, placement) == (block.inner(channels, placement).active() != channels);
            if (!plain || block.squeezeExcite().map(x -> !x.equals(SQUEEZE_EXCITE)).orElse(false)) {
                throw notExpressible(space.name(), "groups, a first 1x1 that does not expand, or another squeeze-excite");
            }
        }

        private Map<String, Object> skip(StagedSpace.PlacedBlock placed) {
            if (placed.placement().stride() != 1 || placed.placement().channels() != channels) {
                throw notExpressible(space.name(), "a skip that changes the shape");
            }
            Map<String, Object> zero = new LinkedHashMap<>();
            zero.put("name", "ZeroLayer");
            zero.put("stride", 1);
            return block(zero, true);
        }

        private static Map<String, Object> block(Map<String, Object> conv, boolean shortcut) {
            Map<String, Object> block = new LinkedHashMap<>();
            block.put("name", "MobileInvertedResidualBlock");
            block.put("mobile_inverted_conv", conv);
            block.put("shortcut", shortcut ? Map.of("name", "IdentityLayer") : null);
            return block;
        }

        private Map<String, Object> linear(StagedSpace.PlacedBlock placed, double dropout) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("name", "LinearLayer");
            json.put("in_features", channels);
            json.put("out_features", placed.placement().channels());
            json.put("bias", ((LinearBlock) placed.option().block()).bias());
            json.put("dropout_rate", dropout);
            return json;
        }

        private static String json(Map<String, Object> root) {
            try {
                return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(root) + "\n";
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("maps of numbers and texts are always JSON", e);
            }
        }
    }
}

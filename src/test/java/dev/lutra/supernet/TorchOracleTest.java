package dev.lutra.supernet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lutra.data.Batch;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.supernet.RunningStatistics.Averaging;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.AdamW;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.descent.Optimizer;
import dev.lutra.supernet.descent.RmsProp;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.descent.Sgd;
import dev.lutra.supernet.proxy.Proxy;
import dev.lutra.supernet.training.Guidance;
import dev.lutra.supernet.training.Learner;
import dev.lutra.supernet.training.Mixup;
import dev.lutra.supernet.training.Recipe;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.weights.SafetensorsFile;
import dev.lutra.yaml.YamlNode;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training steps and evaluation against Python's PyTorch, which interprets the same ops by itself. */
class TorchOracleTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PYTHON = "/usr/bin/python3";
    private static final double TOLERANCE = 1e-5;
    private static final Descent SGD = Descent.sgd(0.1, 0, Schedule.COSINE, 0.9, 1e-2);
    private static final double[] RATES = {1, 0.5, 0.2};

    @TempDir
    Path folder;

    @Test
    void learnsWhatPyTorchLearnsWithBatchNormFixed() throws Exception {
        compare(TestNetworks.everyOp(), false, SGD, Recipe.PLAIN);
    }

    @Test
    void learnsWhatPyTorchLearnsWithBatchNormLearned() throws Exception {
        compare(TestNetworks.everyOp(), true, SGD, Recipe.PLAIN);
    }

    /** A large epsilon, so that a gradient that is all rounding stays small. */
    @ParameterizedTest
    @ValueSource(strings = {"{lr: 0.1, nesterov: true, weight-decay: 0.01, decays: all}", "{adamw: {weight-decay: 0.05, beta2: 0.9, epsilon: 0.01}}",
        "{rmsprop: {weight-decay: 0.01, epsilon: 0.01, decays: not-depthwise, clip: {norm: 0.3}}}", "{lr: 0.1, clip: {value: 0.004}}",
        "{lr: 0.1, clip: {value: 0.01, norm: 0.1}}"})
    void movesWeightsAsPyTorchsOptimizersDo(String optimizer) throws Exception {
        compare(TestNetworks.everyOp(), true, Descent.read(YamlNode.parse("f", optimizer)), Recipe.averaging(0.7));
    }

    @Test
    void learnsFromMixedImagesAsPyTorchDoes() throws Exception {
        compare(TestNetworks.everyOp(), true, SGD, Recipe.read(YamlNode.parse("f", "{mixup: 0.8, ema: 0.5}"), true));
    }

    private void compare(Network network, boolean learnsBatchNorm, Descent descent, Recipe recipe) throws Exception {
        assumeTrue(hasTorch(), "no " + PYTHON + " with torch");
        TrainingSettings settings = new TrainingSettings(1, 8, Curriculum.of(Sampling.uniform()), descent, 0.1, Guidance.NONE, recipe, 5);
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < RATES.length; i++) {
            batches.add(TestNetworks.randomBatch(8, 16, 4, 100 + i));
        }
        Map<String, Weight> learned = learned(network, learnsBatchNorm);
        try (SupernetWeights weights = new SupernetWeights(settings.seed(), Device.cpu());
            Learner learner = new Learner(weights, settings, learnsBatchNorm)) {
            describe(network, settings, learned, batches, weights);
            JsonNode expected = runPython();
            assertThat(Proxy.SYNFLOW.scores(settings.seed()).applyAsDouble(network))
                .isCloseTo(expected.get("synflow").asDouble(), within(1e-9));
            for (int i = 0; i < RATES.length; i++) {
                Learner.Step step = learner.step(List.of(network), batches.get(i), RATES[i] * settings.descent().rate(), i);
                assertThat(step.loss()).isCloseTo(expected.get("losses").get(i).asDouble(), within(TOLERANCE));
            }
            learned.forEach((name, weight) -> {
                assertClose(name, weights.read(weight), expected.get("weights").get(name));
                assertClose(name + ".momentum", weight.cut(weights.momenta().get(name).toFloatArray()),
                    expected.get("momenta").get(name));
                if (recipe.averages()) {
                    assertClose(name + ".average", weight.cut(weights.extras(SupernetWeights.Extra.AVERAGE).get(name).toFloatArray()),
                        expected.get("averages").get(name));
                }
            });
            compareEvaluation(network, batches, weights, expected);
        }
    }

    private static void compareEvaluation(Network network, List<Batch> batches, SupernetWeights weights, JsonNode expected) {
        Map<String, float[]> running = Map.of();
        for (Averaging averaging : Averaging.values()) {
            Map<String, float[]> averaged = running(network, batches, weights, averaging);
            JsonNode statistics = expected.get("statistics").get(averaging.name());
            for (Op op : network.ops()) {
                if (op instanceof Op.BatchNorm norm) {
                    String output = Integer.toString(norm.output().id());
                    assertClose(averaging + " " + norm.name() + ".mean", averaged.get(norm.runningMean().tensor().name()),
                        statistics.get("means").get(output));
                    assertClose(averaging + " " + norm.name() + ".variance", averaged.get(norm.runningVariance().tensor().name()),
                        statistics.get("variances").get(output));
                }
            }
            running = averaging == Averaging.MEAN ? averaged : running;
        }
        try (NDManager manager = weights.newManager()) {
            assertClose("logits by the batch", Forward.inference(network, weight -> Views.detached(weights.tensor(weight.tensor()), weight,
                manager), new BatchStatistics(manager), Images.of(batches.get(0), manager)).toFloatArray(), expected.get("by_the_batch"));
        }
        Map<String, float[]> mean = running;
        LoweredNetwork lowered = LoweredNetwork.of(network, weight -> weight.tensor().role().isParameter()
            ? weights.read(weight)
            : mean.get(weight.tensor().name()).clone());
        try (Inference inference = new Inference(lowered, Device.cpu());
            Inference folded = new Inference(lowered.after(List.of(new BatchNormFolding())), Device.cpu())) {
            assertClose("logits", inference.logits(batches.get(0)), expected.get("logits"));
            assertClose("logits, batch norm folded", folded.logits(batches.get(0)), expected.get("logits"));
        }
    }

    /** The last batch has fewer images than the others. */
    private static Map<String, float[]> running(Network network, List<Batch> batches, SupernetWeights weights, Averaging averaging) {
        try (NDManager manager = weights.newManager()) {
            RunningStatistics statistics = new RunningStatistics(manager, averaging);
            for (int i = 0; i < batches.size(); i++) {
                NDArray images = Images.of(batches.get(i), manager);
                NDArray some = i < batches.size() - 1 ? images : images.get(new NDIndex("0:3"));
                statistics.nextBatch(some.getShape().get(0));
                Forward.inference(network, weight -> Views.detached(weights.tensor(weight.tensor()), weight, manager), statistics, some);
            }
            return statistics.values();
        }
    }

    private static void assertClose(String what, float[] found, JsonNode expected) {
        assertThat(found.length).as(what).isEqualTo(expected.size());
        for (int i = 0; i < found.length; i++) {
            double value = expected.get(i).asDouble();
            assertThat((double) found[i]).as("%s [%d]", what, i).isCloseTo(value, within(TOLERANCE * Math.max(1, Math.abs(value))));
        }
    }

    private static Map<String, Weight> learned(Network network, boolean learnsBatchNorm) {
        Map<String, Weight> learned = new LinkedHashMap<>();
        for (Op op : network.ops()) {
            for (Weight weight : op.weights()) {
                Role role = weight.tensor().role();
                boolean norm = role == Role.NORM_SCALE || role == Role.NORM_SHIFT;
                if (role.isParameter() && (learnsBatchNorm || !norm)) {
                    learned.put(weight.tensor().name(), weight);
                }
            }
        }
        return learned;
    }

    private void describe(Network network, TrainingSettings settings, Map<String, Weight> learned, List<Batch> batches,
        SupernetWeights weights) throws IOException {
        ObjectNode spec = JSON.createObjectNode();
        ArrayNode ops = spec.putArray("ops");
        Map<String, SafetensorsFile.Entry> tensors = new LinkedHashMap<>();
        for (Op op : network.ops()) {
            ops.add(describe(op));
            for (Weight weight : op.weights()) {
                if (weight.tensor().role().isParameter()) {
                    tensors.put(weight.tensor().name(), new SafetensorsFile.Entry(weight.tensor().name(), weight.dims(),
                        () -> weights.read(weight)));
                }
            }
        }
        ArrayNode steps = spec.putArray("steps");
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            ObjectNode step = steps.addObject().put("lr", RATES[i] * settings.descent().rate());
            step.set("labels", JSON.valueToTree(batch.labels()));
            if (settings.recipe().mixup() > 0) {
                Mixup.Mix mix = new Mixup(settings.recipe().mixup()).draw(batch.size(), StepSeed.of(i, 0, StepSeed.MIXUP));
                step.put("share", mix.share()).set("partners", JSON.valueToTree(mix.partners()));
            }
            float[] pixels = new float[batch.size() * batch.height() * batch.width() * 3];
            batch.pixels().get(pixels);
            tensors.put("images." + i, new SafetensorsFile.Entry("images." + i,
                List.of(batch.size(), batch.height(), batch.width(), 3), () -> pixels));
        }
        Descent descent = settings.descent();
        spec.put("weight_decay", descent.weightDecay()).put("smoothing", settings.labelSmoothing()).put("average", settings.recipe().averaging());
        spec.set("optimizer", optimizer(descent.optimizer()));
        if (descent.clipping().boundsValues()) {
            spec.put("clip_value", descent.clipping().value());
        }
        if (descent.clipping().boundsNorm()) {
            spec.put("clip_norm", descent.clipping().norm());
        }
        spec.set("learned", JSON.valueToTree(learned.keySet()));
        spec.set("decays", JSON.valueToTree(learned.values().stream().filter(weight -> descent.decayed().includes(weight.tensor()))
            .map(weight -> weight.tensor().name()).toList()));
        JSON.writeValue(folder.resolve("network.json").toFile(), spec);
        SafetensorsFile.write(folder.resolve("before.safetensors"), Map.of("made-by", "the test"), List.copyOf(tensors.values()));
    }

    /** In PyTorch's words. */
    private static ObjectNode optimizer(Optimizer optimizer) {
        ObjectNode node = JSON.createObjectNode();
        if (optimizer instanceof Sgd sgd) {
            return node.put("kind", "SGD").put("momentum", sgd.momentum()).put("nesterov", sgd.nesterov());
        }
        if (optimizer instanceof AdamW adam) {
            node.put("kind", "AdamW").put("eps", adam.epsilon()).putArray("betas").add(adam.beta1()).add(adam.beta2());
            return node;
        }
        RmsProp rms = (RmsProp) optimizer;
        return node.put("kind", "RMSprop").put("alpha", rms.alpha()).put("momentum", rms.momentum()).put("eps", rms.epsilon());
    }

    private static ObjectNode describe(Op op) {
        ObjectNode node = JSON.createObjectNode().put("type", op.getClass().getSimpleName()).put("output", op.output().id())
            .put("channels", op.output().shape().channels());
        node.set("inputs", JSON.valueToTree(op.inputs().stream().map(input -> input.id()).toList()));
        node.set("weights", JSON.valueToTree(op.weights().stream().map(weight -> weight.tensor().name()).toList()));
        if (op instanceof Op.Conv conv) {
            node.put("stride", conv.stride()).put("padding", conv.padding()).put("dilation", conv.dilation())
                .put("groups", conv.groups());
        } else if (op instanceof Op.BatchNorm norm) {
            node.put("epsilon", norm.epsilon());
            node.set("weights", JSON.valueToTree(List.of(norm.scale().tensor().name(), norm.shift().tensor().name())));
        } else if (op instanceof Op.Activation activation) {
            node.put("function", activation.function().name());
        } else if (op instanceof Op.Pool pool) {
            node.put("kind", pool.kind().name()).put("kernel", pool.kernel()).put("stride", pool.stride())
                .put("padding", pool.padding());
        } else if (op instanceof Op.ChannelSlice slice) {
            node.put("start", slice.start()).put("step", slice.step());
        } else if (op instanceof Op.ChannelShuffle shuffle) {
            node.put("groups", shuffle.groups());
        }
        return node;
    }

    private JsonNode runPython() throws Exception {
        Path script = folder.resolve("oracle.py");
        try (InputStream in = TorchOracleTest.class.getResourceAsStream("oracle.py")) {
            Files.copy(in, script);
        }
        File log = folder.resolve("log").toFile();
        Process process = new ProcessBuilder(PYTHON, script.toString(), folder.toString()).redirectErrorStream(true)
            .redirectOutput(log).start();
        assertThat(process.waitFor()).as(() -> text(log)).isZero();
        return JSON.readTree(folder.resolve("after.json").toFile());
    }

    private static String text(File file) {
        try {
            return Files.readString(file.toPath());
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean hasTorch() throws Exception {
        if (!Files.isExecutable(Path.of(PYTHON))) {
            return false;
        }
        return new ProcessBuilder(PYTHON, "-c", "import torch").redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
    }
}

package dev.lutra.supernet.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.network.Network;
import dev.lutra.network.Weight;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.onnx.TrainedWeights;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.weights.OnnxTensors;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FoldedBatchNormTest {

    private static final int IMAGES = 64;
    private static final double TOLERANCE = 2e-3;

    @TempDir
    private Path folder;

    private ImageData data() {
        return ImageData.open(DataSpec.of(new Source.Synthetic(4, 80), 32, 1), folder.resolve("cache"), DataProgress.NONE);
    }

    private Path file(SearchSpace space, Architecture architecture, boolean fold) {
        Path file = folder.resolve("network-" + fold + ".onnx");
        OnnxFile.write(file, OnnxExporter.export(space.build(architecture), new TrainedWeights(5), new OnnxOptions(fold, OptionalInt.empty(),
            new ExportedNetwork(space, architecture, List.of()).metadata())));
        return file;
    }

    /** What ONNX Runtime says of the file is what the network gives that normalises by its batch. */
    @ParameterizedTest
    @ValueSource(strings = {"shufflenetv2-cifar", "moga-cifar"})
    void aNetworkGivesWhatItsFoldedFileGives(String name) throws Exception {
        SearchSpace space = SpaceFile.load(name).withClasses(4);
        Architecture architecture = space.random(new Random(3));
        Network network = space.build(architecture);
        Path file = file(space, architecture, true);
        try (ImageData data = data(); NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            OnnxTensors folded = OnnxTensors.open(file);
            assertThat(FoldedBatchNorm.isIn(network, folded)).isTrue();
            Map<String, float[]> measured;
            try (Batches images = data.train().sample(IMAGES, IMAGES, 0)) {
                measured = FoldedBatchNorm.measured(network, folded, images, Device.cpu());
            }
            Pretrained pretrained = new Pretrained(folded, measured, Set.of());
            try (Batches images = data.train().sample(IMAGES, IMAGES, 0)) {
                Batch batch = images.next();
                float[] found = Forward.inference(network, weight -> array(pretrained, weight, manager), new BatchStatistics(manager),
                    Images.of(batch, manager)).toFloatArray();
                float[] expected = run(file, batch);
                double range = range(expected);
                assertThat(range).isPositive();
                for (int i = 0; i < expected.length; i++) {
                    assertThat((double) found[i]).isCloseTo(expected[i], within(TOLERANCE * range));
                }
            }
        }
    }

    private static NDArray array(Pretrained pretrained, Weight weight, NDManager manager) {
        long[] dims = weight.dims().stream().mapToLong(Integer::longValue).toArray();
        return manager.create(pretrained.start("test").source().apply(weight).orElseThrow(), new Shape(dims));
    }

    private static double range(float[] values) {
        float low = Float.POSITIVE_INFINITY;
        float high = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        return high - low;
    }

    private static float[] run(Path file, Batch batch) throws Exception {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(file.toString());
            OnnxTensor input = OnnxTensor.createTensor(environment, batch.planes().asFloatBuffer(), new long[]{batch.size(), 3, 32, 32});
            OrtSession.Result result = session.run(Map.of("input", input))) {
            FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] copy = new float[values.remaining()];
            values.get(copy);
            return copy;
        }
    }

    @Test
    void batchNormThatIsThereIsTakenAsItIs() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Architecture architecture = space.random(new Random(3));
        Network network = space.build(architecture);
        Path file = file(space, architecture, false);
        assertThat(FoldedBatchNorm.isIn(network, OnnxTensors.open(file))).isFalse();
        Pretrained pretrained = new PretrainedFile(file, false).compared(space);
        assertThat(pretrained.report(List.of(network), true).unmatched()).isEmpty();
        TrainedWeights weights = new TrainedWeights(5);
        network.ops().stream().flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter())
            .forEach(weight -> assertThat(pretrained.start("test").source().apply(weight)).hasValueSatisfying(values -> assertThat(values)
                .isEqualTo(weights.read(weight))));
    }

    @Test
    void otherClassesNeedAnotherHead() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Architecture architecture = space.random(new Random(3));
        Path file = file(space, architecture, true);
        SearchSpace ours = space.withClasses(7);
        List<Network> ourNetwork = List.of(ours.build(architecture));
        assertThat(Pretrained.head(ours)).containsExactly("classifier.linear.weight");
        assertThat(new PretrainedFile(file, false).compared(ours).report(ourNetwork, true).unmatched()).singleElement().asString()
            .matches("classifier.linear.weight \\(\\[10, \\d+] there, expected \\[7, \\d+]\\)");
        assertThat(new PretrainedFile(file, true).compared(ours).report(ourNetwork, true).unmatched())
            .containsExactly("classifier.linear.weight (of the head)");
        assertThat(new PretrainedFile(file, true).compared(space).report(List.of(space.build(architecture)), true).unmatched())
            .as("as many classes may be others").hasSize(1);
    }
}

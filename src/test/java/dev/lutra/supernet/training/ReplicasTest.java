package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.lutra.data.Batch;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A batch over several devices, of which this machine's processor stands for each. */
class ReplicasTest {

    private static final TrainingSettings PLAIN = new TrainingSettings(1, 8, Curriculum.of(Sampling.uniform()), 0.1, 0,
        Schedule.COSINE, 0, 0, 0.1, 3);
    private static final float RATE = 0.1f;

    /** Without dropout, whose draws would not be those of the parts. */
    private static Network network() {
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar").withImageSize(16).withClasses(4);
        return space.build(space.parse("k3,k5,xception,k7,k3,k3,k3,k3,k3,k3,k3,k3"));
    }

    private static Batch part(Batch batch, int from, int end) {
        int bytes = batch.bytes().capacity() / batch.size();
        ByteBuffer pixels = batch.bytes().slice(from * bytes, (end - from) * bytes).order(batch.bytes().order());
        return new Batch(pixels, Arrays.copyOfRange(batch.labels(), from, end), end - from, batch.height());
    }

    private static Map<String, float[]> after(Network network, Batch batch, int devices) {
        Map<String, float[]> values = new TreeMap<>();
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu());
            Learner learner = new Learner(weights, PLAIN, true, Stream.generate(Device::cpu).limit(devices).toList())) {
            Learner.Step step = learner.step(List.of(network), batch, RATE, 1);
            assertThat(step.moved()).isTrue();
            for (Op op : network.ops()) {
                op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role().isParameter())
                    .forEach(tensor -> values.put(tensor.name(), weights.read(Weight.whole(tensor))));
            }
        }
        return values;
    }

    /** Each device has half of the images and normalises by them; the step is the mean of what both halves would do. */
    @Test
    void twoHalvesOfABatchAreAveraged() {
        Network network = network();
        Batch batch = TestNetworks.randomBatch(8, 16, 4, 1);
        Map<String, float[]> both = after(network, batch, 2);
        Map<String, float[]> one = after(network, part(batch, 0, 4), 1);
        Map<String, float[]> other = after(network, part(batch, 4, 8), 1);
        assertThat(both).hasSameSizeAs(one).hasSizeGreaterThan(10);
        both.forEach((name, values) -> {
            for (int i = 0; i < values.length; i++) {
                assertThat(values[i]).as(name).isCloseTo((one.get(name)[i] + other.get(name)[i]) / 2, within(2e-6f));
            }
        });
        Map<String, float[]> whole = after(network, batch, 1);
        assertThat(both.keySet()).as("normalised otherwise than as a whole").anyMatch(name -> !Arrays.equals(both.get(name), whole.get(name)));
    }

    /** Parts of a batch that is not a multiple of the devices differ by one image, and none is lost. */
    @Test
    void everyImageIsOnOneDevice() {
        Network network = network();
        Batch batch = TestNetworks.randomBatch(8, 16, 4, 2);
        Map<String, float[]> three = after(network, batch, 3);
        List<Map<String, float[]>> parts = List.of(after(network, part(batch, 0, 2), 1), after(network, part(batch, 2, 5), 1),
            after(network, part(batch, 5, 8), 1));
        int[] sizes = {2, 3, 3};
        three.forEach((name, values) -> {
            for (int i = 0; i < values.length; i++) {
                float mean = 0;
                for (int k = 0; k < sizes.length; k++) {
                    mean += parts.get(k).get(name)[i] * sizes[k] / 8;
                }
                assertThat(values[i]).as(name).isCloseTo(mean, within(2e-6f));
            }
        });
    }
}

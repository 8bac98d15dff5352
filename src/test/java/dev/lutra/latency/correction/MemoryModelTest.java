package dev.lutra.latency.correction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.proto.Memory;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.WholeNetwork;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** On devices whose law is known. */
class MemoryModelTest {

    private static final long MB = 1_000_000;

    /** So many networks of 4 to 40 MB of weights and 1 to 20 MB of activations, drawn apart. */
    private static List<WholeNetwork> networks(int count, long seed, ToDoubleBiFunction<Double, Double> peak) {
        Random random = new Random(seed);
        return IntStream.range(0, count).mapToObj(i -> {
            double weights = MB * (4 + 36 * random.nextDouble());
            double live = MB * (1 + 19 * random.nextDouble());
            return WholeNetwork.newBuilder().setMemory(NetworkMemory.newBuilder().setWeightBytes((long) weights).setLiveBytes((long) live)
                .setMeasured(Memory.newBuilder().setPeakBytes((long) (peak.applyAsDouble(weights, live) + 0.2 * MB * random.nextGaussian()))))
                .build();
        }).toList();
    }

    private static NetworkMemory network(double weights, double live) {
        return NetworkMemory.newBuilder().setWeightBytes((long) (weights * MB)).setLiveBytes((long) (live * MB)).build();
    }

    @Test
    void baseAndBothFactorsAreFound() {
        MemoryModel model = MemoryModel.of(networks(12, 1, (weights, live) -> 3 * MB + 2.5 * weights + 1.2 * live)).orElseThrow();
        MemoryModel.Predicted predicted = model.predict(network(20, 5));
        assertThat(predicted.bytes()).isCloseTo(59 * MB, within(MB / 2));
        assertThat(predicted.interval().contains(59 * MB)).isTrue();
        assertThat(predicted.interval().high() - predicted.interval().low()).isLessThan(3 * MB);
        assertThat(model.meanRelativeError()).isLessThan(0.01);
        assertThat(model.bytes(20 * MB, 5 * MB)).isEqualTo(predicted.bytes());
    }

    /** 95 of 100 further networks lie in their intervals, give or take what 400 draws of 5 % scatter by. */
    @Test
    void intervalsCover() {
        int inside = 0;
        for (int seed = 0; seed < 40; seed++) {
            List<WholeNetwork> all = networks(22, seed, (weights, live) -> 3 * MB + 2.5 * weights + 1.2 * live);
            MemoryModel model = MemoryModel.of(all.subList(0, 12)).orElseThrow();
            inside += all.subList(12, 22).stream().map(WholeNetwork::getMemory)
                .filter(one -> model.predict(one).interval().contains(one.getMeasured().getPeakBytes())).count();
        }
        assertThat(inside).isBetween(370, 400);
    }

    @Test
    void ofFewNetworksOneFactorIsLearnedAndOfFewerNothing() {
        List<WholeNetwork> all = networks(5, 3, (weights, live) -> 5 * MB + 2 * (weights + live));
        assertThat(MemoryModel.of(all).orElseThrow().bytes(20 * MB, 10 * MB)).isCloseTo(65 * MB, within(2 * MB));
        assertThat(MemoryModel.of(all.subList(0, 3))).isEmpty();
        assertThat(MemoryModel.of(List.of(WholeNetwork.getDefaultInstance(), WholeNetwork.getDefaultInstance(),
            WholeNetwork.getDefaultInstance(), WholeNetwork.getDefaultInstance()))).isEmpty();
    }

    /** Networks that differ in nothing the model knows are told apart by nothing. */
    @Test
    void networksThatAreAllAlikeTellTheirMean() {
        List<WholeNetwork> alike = IntStream.range(0, 8).mapToObj(i -> WholeNetwork.newBuilder()
            .setMemory(network(10, 4).toBuilder().setMeasured(Memory.newBuilder().setPeakBytes((30 + i % 2) * MB))).build()).toList();
        assertThat(MemoryModel.of(alike).orElseThrow().bytes(10 * MB, 4 * MB)).isCloseTo(30 * MB + MB / 2, within(1L));
    }
}

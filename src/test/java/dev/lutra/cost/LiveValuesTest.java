package dev.lutra.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Against sums by hand. */
class LiveValuesTest {

    private static NetworkBuilder graph() {
        NetworkBuilder graph = new NetworkBuilder("net", Shape.image(3, 8, 8), 1e-5);
        graph.segment("all");
        return graph;
    }

    /** ReLU writes over what it reads; pooling needs both. */
    @Test
    void aChainNeedsWhatAnOpReadsAndWhatItGives() {
        NetworkBuilder graph = graph();
        Value halved = graph.pool("pool", graph.activation("relu", graph.input(), Function.RELU), Op.Pool.Kind.MAX, 3, 2);
        assertThat(LiveValues.most(graph.build(halved))).isEqualTo(3 * 64 + 3 * 16);
    }

    /** A shortcut lives beside the branch, and ReLU may not write over what the sum reads again. */
    @Test
    void whatIsReadLaterStays() {
        NetworkBuilder graph = graph();
        Value branch = graph.activation("relu", graph.input(), Function.RELU);
        assertThat(LiveValues.most(graph.build(graph.add("sum", branch, graph.input())))).isEqualTo(2 * 3 * 64);
    }

    @Test
    void whatSeveralReadIsThereOnce() {
        NetworkBuilder graph = graph();
        assertThat(LiveValues.most(graph.build(graph.add("twice", graph.input(), graph.input())))).isEqualTo(3 * 64);
    }

    @Test
    void aConcatenationNeedsAllPartsAndTheWhole() {
        NetworkBuilder graph = graph();
        Value left = graph.channelSlice("left", graph.input(), 0, 1, 1);
        Value right = graph.channelSlice("right", graph.input(), 1, 1, 2);
        assertThat(LiveValues.most(graph.build(graph.concat("both", List.of(left, right))))).isEqualTo(2 * 3 * 64);
    }
}

package dev.lutra.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.Op.Pool.Kind;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.network.Width;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every op once, counted by hand. */
class CountingRuleTest {

    /** 4×6×6, convolution 3×3 with bias to 8, batch norm, ReLU, average 3×3 by 2, shuffle, add, mean, linear with bias to 5. */
    private static Network everything() {
        NetworkBuilder graph = new NetworkBuilder("everything", Shape.image(4, 6, 6), 1e-5);
        graph.segment("all");
        Value x = graph.conv("conv", graph.input(), ConvSpec.of(Width.of(8), 3).withBias());
        x = graph.activation("relu", graph.batchNorm("bn", x), Function.RELU);
        x = graph.channelShuffle("shuffle", graph.pool("pool", x, Kind.AVERAGE, 3, 2), 2);
        x = graph.add("add", x, x);
        x = graph.dropout("dropout", graph.flatten("flatten", graph.globalPool("global", x)), 0.1);
        return graph.build(graph.linear("linear", x, 5, true));
    }

    // conv: 4·9·8·36 = 10368, bias adds 288, elements 288; pool 3×3 gives 8·3·3 = 72 values; linear 40
    @ParameterizedTest
    @CsvSource({
        "macs, 10408",
        "mxnet, 11421", // + 288 bias, 5 bias, 72·9 pool windows, 72 read by the global pool
        "mmcv, 11920", // + 288 bias, 576 batch norm, 288 ReLU, 288 + 72 pooling
        "thop, 11595", // conv bias 288 · 4, linear (2·8 − 1)·5 = 75
        "thop-newer, 11352", // + 288 bias, 576 batch norm, 72 + 8 global pool
        "thop-older, 11968", // + 288 bias, 1152 batch norm, 80, linear once more
        "fbnet, 10480", // + 72
        "fbnet-2019, 10408"})
    void operations(String rule, long macs) {
        assertThat(CountingRule.named(rule).count(everything()).macs()).isEqualTo(macs);
    }

    @ParameterizedTest
    @CsvSource({"macs, 357", "mmcv, 357", "fbnet, 328", "fbnet-2019, 328"}) // 288 + 8 conv, 16 batch norm, 40 + 5 linear
    void params(String rule, long params) {
        assertThat(CountingRule.named(rule).count(everything()).params()).isEqualTo(params);
    }

    @Test
    void microNetCountsMultiplicationsAndAdditionsApart() {
        MicroNet counted = MicroNet.of(everything());
        // convolution 36 multiplications, 36 additions with the bias; ReLU one multiplication; linear 8 and 8
        assertThat(counted.quantizable()).isEqualTo(new MicroNet.Part(10368 + 288 + 40, 10368 + 40, 296 + 45, 0));
        // average: 72 divisions, 8 additions each; shuffle 72 multiplications; add 72; global pool 8 and 64
        assertThat(counted.rest()).isEqualTo(new MicroNet.Part(72 + 72 + 8, 576 + 72 + 64, 8, 64));
        assertThat(CountingRule.MICRONET.count(everything()))
            .isEqualTo(new Cost(counted.total().operations(), 296 + 45 + 8 + 4));
    }

    @Test
    void unknownRule() {
        assertThatThrownBy(() -> CountingRule.named("flops")).isInstanceOf(InputException.class)
            .hasMessage("counting: flops (expected: one of macs, mxnet, mmcv, thop, thop-newer, thop-older, fbnet, fbnet-2019, "
                + "bitops, micronet)");
    }
}

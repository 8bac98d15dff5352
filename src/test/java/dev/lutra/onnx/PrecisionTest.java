package dev.lutra.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.platform.Fp16Conversions;
import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.Value;
import dev.lutra.network.WeightSource;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.proto.onnx.TensorProto;
import dev.lutra.proto.onnx.TensorProto.DataType;
import dev.lutra.space.SpaceFile;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrecisionTest {

    private static final WeightSource WEIGHTS = new TrainedWeights(7);
    /** What a device's float16 outputs may differ by from float32, relative to their range. */
    private static final double TOLERANCE = 2e-2;

    private static OnnxOptions half(boolean fold) {
        return new OnnxOptions(fold, OptionalInt.empty(), Precision.FLOAT16, Map.of());
    }

    static Stream<Network> networks() {
        return Stream.concat(SampleNetworks.all().stream(), Stream.of("shufflenetv2-cifar", "moga-cifar").map(SpaceFile::load)
            .map(space -> space.build(space.random(new Random(3)))));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void halfPrecisionComputesNearlyTheSame(Network network) throws Exception {
        double[] images = new Random(5).doubles(2L * network.input().shape().elements(), -2, 2).toArray();
        Map<Value, double[]> input = Map.of(network.input(), images);
        ModelProto single = OnnxExporter.export(network, WEIGHTS, new OnnxOptions(true, OptionalInt.empty(), Map.of()));
        float[] expected = OrtRunner.run(single, network, 2, input).get(0);
        double range = range(expected);
        for (boolean fold : new boolean[]{false, true}) {
            ModelProto model = OnnxExporter.export(network, WEIGHTS, half(fold));
            float[] found = OrtRunner.run(model, network, 2, input).get(0);
            for (int i = 0; i < expected.length; i++) {
                assertThat((double) found[i]).isCloseTo(expected[i], within(TOLERANCE * range));
            }
            assertThat(found).as("not float32 in disguise").isNotEqualTo(expected);
        }
    }

    @Test
    void everythingButShapesIsHalfPrecision() {
        ModelProto model = OnnxExporter.export(SampleNetworks.mobile(), WEIGHTS, half(true));

        assertThat(model.getGraph().getInitializerList()).isNotEmpty().allSatisfy(tensor -> {
            assertThat(tensor.getDataType()).isEqualTo(DataType.FLOAT16_VALUE);
            assertThat((long) tensor.getRawData().size()).isEqualTo(2 * elements(tensor));
        });
        assertThat(Stream.concat(model.getGraph().getInputList().stream(), model.getGraph().getOutputList().stream()))
            .allSatisfy(value -> assertThat(value.getType().getTensorType().getElemType()).isEqualTo(DataType.FLOAT16_VALUE));
        assertThat(model.getGraph().getNodeList().stream().filter(node -> node.getOpType().equals("Constant"))
            .map(node -> node.getAttribute(0).getT().getDataType())).doesNotContain(DataType.FLOAT_VALUE)
            .contains(DataType.FLOAT16_VALUE);
    }

    @Test
    void convertsLikeTheRuntimeOverEveryExponent() {
        Random random = new Random(11);
        for (int i = 0; i < 200_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt());
            if (!Float.isNaN(value)) {
                assertThat(Precision.half(value)).as("%s", value).isEqualTo(Fp16Conversions.floatToFp16(value));
            }
        }
        for (int bits = 0; bits < 0x7c00; bits++) {
            float exact = Fp16Conversions.fp16ToFloat((short) bits);
            float next = Fp16Conversions.fp16ToFloat((short) (bits + 1));
            assertThat(Precision.half(exact)).isEqualTo((short) bits);
            assertThat(Precision.FLOAT16.round(exact)).isEqualTo(exact);
            assertThat(Precision.half(-exact)).isEqualTo((short) (bits | 0x8000));
            if (Float.isFinite(next)) {
                assertThat(Precision.half((exact + next) / 2) & 1).as("ties to even").isZero();
            }
        }
        assertThat(Precision.half(Float.NaN)).isEqualTo((short) 0x7e00);
        assertThat(Precision.half(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xfc00);
    }

    @ParameterizedTest
    @ValueSource(floats = {65520, -70000, Float.MAX_VALUE})
    void whatDoesNotFitIsAnError(float value) {
        assertThatThrownBy(() -> NumberFormat.encode(Precision.FLOAT16, "layer1.weight", 1, value))
            .isInstanceOf(InputException.class)
            .hasMessage("layer1.weight: " + value + " (expected: within ±65504, which is all that float16 holds)");
        assertThat(NumberFormat.encode(Precision.FLOAT16, "w", 65519).size()).isEqualTo(2);
        assertThat(NumberFormat.encode(Precision.FLOAT32, "w", value).size()).isEqualTo(4);
    }

    private static long elements(TensorProto tensor) {
        return tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
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
}

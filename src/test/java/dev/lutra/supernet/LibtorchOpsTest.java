package dev.lutra.supernet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** libtorch's own functions against their definitions in numbers. */
class LibtorchOpsTest {

    private static final float[] POINTS = {-7.5f, -3.01f, -2.9f, -1, -0.25f, 0.25f, 1, 2.9f, 3.01f, 5.9f, 6.1f, 20};
    private static final double STEP = 1e-6;

    private record Values(float[] values, float[] slopes) {}

    private static DoubleUnaryOperator definition(LibtorchOps op) {
        DoubleUnaryOperator gate = x -> Math.min(Math.max(x + 3, 0), 6) / 6;
        return switch (op) {
            case RELU_IN_PLACE -> x -> Math.max(x, 0);
            case RELU6 -> x -> Math.min(Math.max(x, 0), 6);
            case SWISH -> x -> x / (1 + Math.exp(-x));
            case HARD_SIGMOID -> gate;
            case HARD_SWISH -> x -> x * gate.applyAsDouble(x);
        };
    }

    @ParameterizedTest
    @EnumSource
    void valuesAndGradientsAreThoseOfTheDefinition(LibtorchOps op) {
        DoubleUnaryOperator definition = definition(op);
        Values computed = values(op);
        for (int i = 0; i < POINTS.length; i++) {
            double slope = (definition.applyAsDouble(POINTS[i] + STEP) - definition.applyAsDouble(POINTS[i] - STEP)) / (2 * STEP);
            assertThat(computed.values()[i]).isCloseTo((float) definition.applyAsDouble(POINTS[i]), within(1e-5f));
            assertThat(computed.slopes()[i]).isCloseTo((float) slope, within(1e-4f));
        }
    }

    @ParameterizedTest
    @EnumSource
    void callsGiveTheSameToTheBit(LibtorchOps op) {
        Values first = values(op);
        for (int again = 0; again < 4; again++) { // libtorch compiles what it has seen twice, if it may
            Values next = values(op);
            assertThat(next.values()).isEqualTo(first.values());
            assertThat(next.slopes()).isEqualTo(first.slopes());
        }
    }

    @Test
    void inPlaceMeansThatNothingIsCopied() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[]{-1, 2});
            LibtorchOps.RELU_IN_PLACE.of(x);
            assertThat(x.toFloatArray()).containsExactly(0, 2);
        }
    }

    private static Values values(LibtorchOps op) {
        try (NDManager manager = NDManager.newBaseManager();
            GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray x = manager.create(POINTS);
            x.setRequiresGradient(true);
            NDArray y = op.of(x.mul(1)); // a leaf cannot be overwritten
            collector.backward(y.sum());
            return new Values(y.toFloatArray(), x.getGradient().toFloatArray());
        }
    }
}

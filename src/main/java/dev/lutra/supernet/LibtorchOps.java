package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;

/**
 * Functions of libtorch that DJL has no method for. Made of what DJL has, each of them would take several passes over its input, and
 * keep what every one of these passes needs for the gradient: backwards, a clip alone is four ops and three masks.
 */
enum LibtorchOps {

    /** In place, so for an array that nobody else reads, whose maker does not need it for its gradient. */
    RELU_IN_PLACE("relu_in_place", "torch.relu_(x)"), RELU6("relu6", "torch.hardtanh(x, 0., 6.)"), SWISH("swish",
        "torch.silu(x)"), HARD_SIGMOID("hard_sigmoid", "torch.hardsigmoid(x)"), HARD_SWISH("hard_swish", "torch.hardswish(x)");

    private final String method;
    private final String expression;

    LibtorchOps(String method, String expression) {
        this.method = method;
        this.expression = expression;
    }

    /** The function's value, on the manager of {@code x}; the gradient passes. */
    NDArray of(NDArray x) {
        return Loaded.MODULE.call(Loaded.METHODS[ordinal()], x);
    }

    /** Loaded once, when the first op is run. */
    private static final class Loaded {

        private static final LibtorchModule MODULE = new LibtorchModule(source());
        private static final NDArray[] METHODS = new NDArray[values().length];

        static {
            for (LibtorchOps op : values()) {
                METHODS[op.ordinal()] = MODULE.method(op.method);
            }
        }

        private static String source() {
            StringBuilder source = new StringBuilder();
            for (LibtorchOps op : values()) {
                source.append("  def ").append(op.method).append("(self: __torch__.Ops, x: Tensor) -> Tensor:\n    return ")
                    .append(op.expression).append('\n');
            }
            return source.toString();
        }
    }
}

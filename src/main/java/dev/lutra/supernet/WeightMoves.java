package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * What is done to all the weights of a step alike, in one call of libtorch: a network has hundreds of small ones, and a call from Java
 * for each of an optimizer's ops takes longer than the op.
 */
public final class WeightMoves {

    private static final LibtorchModule MODULE = new LibtorchModule(
        """
              def finite(self: __torch__.Ops, g: List[Tensor]) -> bool:
                total = torch.sum(g[0])
                for i in range(1, torch.len(g)):
                  total = torch.add(total, torch.sum(g[i]))
                return bool(torch.isfinite(total))
              def sgd(self: __torch__.Ops, w: List[Tensor], g: List[Tensor], v: List[Tensor], rate: float, momentum: float, decay: float, nesterov: bool) -> int:
                for i in range(torch.len(w)):
                  slope = torch.add_(g[i], w[i], alpha=decay)
                  velocity = torch.add_(torch.mul_(v[i], momentum), slope)
                  if nesterov:
                    move = torch.add_(slope, velocity, alpha=momentum)
                  else:
                    move = velocity
                  _0 = torch.sub_(w[i], move, alpha=rate)
                return torch.len(w)
            """);

    private WeightMoves() {}

    /**
     * Whether all gradients are finite numbers: an infinity or NaN is not summed away.
     *
     * @param gradients at least one
     */
    public static boolean finite(List<NDArray> gradients) {
        try (IValue finite = MODULE.run("finite", LibtorchModule.list(gradients))) {
            return finite.toBoolean();
        }
    }

    /**
     * Stochastic gradient descent as PyTorch defines it, in place: {@code v = momentum · v + gradient + decay · w}, {@code w = w − rate · v},
     * or with Nesterov's look ahead {@code w = w − rate · (gradient + decay · w + momentum · v)}.
     *
     * @param gradients are changed too
     * @param velocities of the weights' shapes
     */
    public static void sgd(List<NDArray> weights, List<NDArray> gradients, List<NDArray> velocities, double rate, double momentum,
        double decay, boolean nesterov) {
        MODULE.run("sgd", LibtorchModule.list(weights), LibtorchModule.list(gradients), LibtorchModule.list(velocities), IValue.from(rate),
            IValue.from(momentum), IValue.from(decay), IValue.from(nesterov)).close();
    }
}

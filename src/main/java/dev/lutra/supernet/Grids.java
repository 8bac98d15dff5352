package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Bits;
import dev.lutra.network.Op;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Rounding to grids, with gradients as if nothing were rounded (straight-through, Bengio et al. 2013) where a value is nearest to a point
 * of its grid, and none where it lies outside.
 */
final class Grids {

    private static final Map<String, NDArray> METHODS = new HashMap<>();
    private static final LibtorchModule MODULE = new LibtorchModule(source());

    private Grids() {}

    /**
     * A value on its grid. The step learns as LSQ has it (Esser et al. 2020, eq. 3), its gradient in parts of √(values of an image ·
     * greatest point).
     *
     * @param step in parts of {@link Op.Quantize#unitStep()}, one number
     */
    static NDArray values(Op.Quantize op, NDArray x, NDArray step) {
        return MODULE.call(method(values(op.bits(), op.signed())), x, step);
    }

    /** Weights on the grids of their output channels, whose steps follow from them and are no variables of the gradient. */
    static NDArray weights(NDArray weights, int bits) {
        return MODULE.call(method(weights(bits)), weights);
    }

    private static synchronized NDArray method(String name) {
        return METHODS.computeIfAbsent(name, MODULE::method);
    }

    private static String values(int bits, boolean signed) {
        return "values_" + (signed ? "s" : "u") + bits;
    }

    private static String weights(int bits) {
        return "weights_" + bits;
    }

    private static String source() {
        StringBuilder source = new StringBuilder();
        for (int bits = Bits.FEWEST; bits <= Bits.MOST; bits++) {
            source.append(valuesSource(bits, false)).append(valuesSource(bits, true)).append(weightsSource(bits));
        }
        return source.toString();
    }

    /**
     * Passes that libtorch has in vectors, which take a third of the time of its own fake-quantize with a learned step. What they give is made
     * of the points alone; each gradient comes from a term that is zero or overwritten. The slope of a step is a value's point less the value,
     * in steps, where the value is within the grid, and the point beyond ({@code slopes} has it with the other sign). The step is a number of
     * units, so its gradient is divided by the unit once more than the product has it: it learns like LSQ's.
     */
    private static String valuesSource(int bits, boolean signed) {
        Op.Quantize grid = new Op.Quantize("", null, null, null, bits, signed);
        double unit = grid.unitStep();
        return String.format(Locale.ROOT, """
              def %1$s(self: __torch__.Ops, x: Tensor, step: Tensor) -> Tensor:
                size = torch.mul(torch.clamp_min(step, 0.001), %2$s)
                fixed = torch.detach(size)
                steps = torch.div(torch.detach(x), fixed)
                if torch.is_grad_enabled():
                  points = torch.clamp_(torch.round(steps), %3$d, %4$d)
                  slopes = torch.sub_(torch.hardtanh_backward(steps, steps, %5$s, %6$s), points)
                  images = torch.mul(torch.floordiv(torch.numel(x), torch.size(x, 0)), %4$d)
                  factor = torch.div(%7$s, torch.sqrt(images))
                  unit = float(fixed)
                  within = torch.hardtanh(x, torch.mul(unit, %5$s), torch.mul(unit, %6$s))
                  y = torch.addcmul_(within, slopes, torch.mul(torch.sub(fixed, size), factor))
                  torch.mul(points, fixed, out=torch.detach(y))
                else:
                  y = torch.mul_(torch.clamp_(torch.round_(steps), %3$d, %4$d), fixed)
                return y
            """, values(bits, signed), unit, grid.least(), grid.most(), grid.least() - 0.5, grid.most() + 0.5, 1 / (unit * unit));
    }

    /** {@link dev.lutra.lowering.WeightRounding}, whose grids these are, has them in numbers. */
    private static String weightsSource(int bits) {
        int most = (1 << bits - 1) - 1;
        return String.format(Locale.ROOT, """
              def %s(self: __torch__.Ops, w: Tensor) -> Tensor:
                sizes = torch.abs(torch.reshape(torch.detach(w), [torch.size(w, 0), -1]))
                reaching = torch.div(torch.amax(sizes, [1]), %d)
                usual = torch.mul(torch.mean(sizes, [1]), %s)
                steps = torch.clamp_min(torch.minimum(reaching, usual), 1.0e-30)
                return torch.fake_quantize_per_channel_affine(w, steps, torch.zeros_like(steps), 0, -%d, %d)
            """, weights(bits), most, 2 / Math.sqrt(most), most, most);
    }
}

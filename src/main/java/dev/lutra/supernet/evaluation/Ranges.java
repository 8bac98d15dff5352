package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDArray;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.Value;
import dev.lutra.supernet.Forward;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Looks at what comes to the grids of a network, in that network or in the same without grids. */
final class Ranges implements Forward.Hook {

    /** What the images themselves are called. */
    private static final String IMAGES = "";

    private final Map<Op.Quantize, String> sources = new LinkedHashMap<>();
    private final Map<String, Magnitudes> seen = new HashMap<>();

    /** @param quantized whose other ops have the names of the one that is looked at */
    Ranges(Network quantized) {
        Map<Value, Op> giving = new HashMap<>();
        for (Op op : quantized.ops()) {
            giving.put(op.output(), op);
            if (op instanceof Op.Quantize grid) {
                Op source = giving.get(grid.input());
                while (source instanceof Op.Quantize earlier) {
                    source = giving.get(earlier.input());
                }
                sources.put(grid, source == null ? IMAGES : source.name());
                seen.put(sources.get(grid), new Magnitudes());
            }
        }
    }

    /** Before each pass. */
    void images(NDArray images) {
        look(IMAGES, images);
    }

    @Override
    public NDArray computed(Op op, NDArray value) {
        look(op.name(), value);
        return value;
    }

    private void look(String source, NDArray value) {
        Magnitudes magnitudes = seen.get(source);
        if (magnitudes != null) {
            magnitudes.add(value.toFloatArray());
        }
    }

    /** The step of every grid by the name of its tensor, in parts of its unit. */
    Map<String, float[]> steps(Calibration calibration) {
        Map<String, float[]> steps = new HashMap<>();
        sources.forEach((grid, source) -> steps.put(grid.step().tensor().name(), new float[]{calibration.step(grid, seen.get(source))}));
        return steps;
    }
}

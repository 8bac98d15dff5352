package dev.lutra.lowering;

import dev.lutra.InputException;
import dev.lutra.network.WeightSource;

/** Everything in float16; weights are rounded to it. */
public final class HalfPrecision implements Lowering {

    /** Reading a weight throws {@link InputException} if a float16 cannot hold it. */
    @Override
    public LoweredNetwork apply(LoweredNetwork before) {
        WeightSource rounded = weight -> {
            float[] values = before.weights().read(weight);
            Precision.FLOAT16.requireInRange(weight.tensor().name(), values);
            for (int i = 0; i < values.length; i++) {
                values[i] = Precision.FLOAT16.round(values[i]);
            }
            return values;
        };
        return new LoweredNetwork(before.network(), rounded, before.names(), Precision.FLOAT16);
    }
}

package dev.lutra.onnx;

import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.HalfPrecision;
import dev.lutra.lowering.Lowering;
import dev.lutra.lowering.Precision;
import dev.lutra.lowering.WeightRounding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * How a network is exported.
 *
 * @param foldBatchNorm whether a batch norm that alone reads a convolution or linear op becomes part of its weights
 * @param batch images a call, at least 1; empty for an axis called {@code batch} whose extent the caller chooses
 * @param precision what the file computes in
 * @param metadata written into the file sorted by key; keys are those of {@link OnnxMetadata} or the caller's own
 */
public record OnnxOptions(boolean foldBatchNorm, OptionalInt batch, Precision precision, Map<String, String> metadata) {

    public OnnxOptions {
        if (batch.isPresent() && batch.getAsInt() < 1) {
            throw new IllegalArgumentException("batch: " + batch.getAsInt() + " (expected: at least 1)");
        }
        metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    }

    /** The passes that come before writing. */
    List<Lowering> lowering() {
        List<Lowering> passes = new ArrayList<>();
        if (foldBatchNorm) {
            passes.add(new BatchNormFolding());
        }
        passes.add(new WeightRounding());
        if (precision == Precision.FLOAT16) {
            passes.add(new HalfPrecision());
        }
        return passes;
    }

    /** In float32. */
    public OnnxOptions(boolean foldBatchNorm, OptionalInt batch, Map<String, String> metadata) {
        this(foldBatchNorm, batch, Precision.FLOAT32, metadata);
    }
}

package dev.lutra.onnx;

import java.util.Collections;
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

    /** In float32. */
    public OnnxOptions(boolean foldBatchNorm, OptionalInt batch, Map<String, String> metadata) {
        this(foldBatchNorm, batch, Precision.FLOAT32, metadata);
    }
}

package dev.lutra.server.outcome;

import dev.lutra.supernet.evaluation.Hits;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A network that has weights of its own.
 *
 * @param name what it is called: {@code winner-1}, or as the command line has it
 * @param architecture canonical text
 * @param files the network as ONNX: in float32, then in the other precisions of the targets; their folder holds all that belongs to it
 * @param macs multiply-accumulates for one image
 * @param params learned values
 * @param before on validation images with the supernet's weights; empty where no supernet has it
 * @param after on validation images with its own weights
 * @param devices what they said of the exported files; empty where none was asked
 */
public record RetrainedNetwork(String name, String architecture, List<Path> files, long macs, long params, Optional<Hits> before, Hits after,
    List<OnDevice> devices) {

    /**
     * What one device said.
     *
     * @param device its name
     * @param p50Nanos measured median
     * @param difference largest difference of the outputs from those in training, relative to their range
     * @param numericsAgree whether that is little enough for the precision
     * @param withinLimit whether the latency keeps the target's limits
     * @param integers of the file in 8-bit integers; empty where there is none
     */
    public record OnDevice(String device, long p50Nanos, double difference, boolean numericsAgree, boolean withinLimit,
        Optional<InIntegers> integers) {

        public boolean isVerified() {
            return numericsAgree && withinLimit && integers.map(InIntegers::numericsAgree).orElse(true);
        }
    }

    public RetrainedNetwork {
        files = List.copyOf(files);
        devices = List.copyOf(devices);
    }

    /** In float32. */
    public Path file() {
        return files.get(0);
    }
}

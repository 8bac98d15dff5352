package dev.lutra.server.plan;

import dev.lutra.data.Batch;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.server.predictor.Classifier;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A network that was written as ONNX with random weights and then run.
 *
 * @param toWrite seconds that its files take, one a precision
 * @param anImage seconds that all of them together take for an image here
 */
record ExportTrial(double toWrite, double anImage) {

    /** @param folder for the files */
    static ExportTrial of(Network network, Set<Precision> precisions, Batch images, Path folder) {
        double toWrite = 0;
        double anImage = 0;
        for (Precision precision : precisions) {
            Path file = folder.resolve("timed-" + precision + ".onnx");
            long begin = System.nanoTime();
            OnnxFile.write(file, OnnxExporter.export(network, new RandomWeights(1),
                new OnnxOptions(true, OptionalInt.empty(), precision, Map.of())));
            toWrite += secondsSince(begin);
            try (Classifier classifier = Classifier.open(file)) {
                classifier.logits(images); // memory is laid out for this size first
                begin = System.nanoTime();
                classifier.logits(images);
                anImage += secondsSince(begin) / images.size();
            }
        }
        return new ExportTrial(toWrite, anImage);
    }

    private static double secondsSince(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}

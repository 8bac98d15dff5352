package dev.lutra.server.winner;

import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.network.Bits;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.predictor.Classifier;
import dev.lutra.server.predictor.RealKernels;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.UniformBits;
import dev.lutra.supernet.evaluation.Calibration;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.Hits;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Writes networks of real numbers in 8-bit integers: weights as they were trained, grids of values by what training images make of them.
 *
 * @param calibration how far these reach
 * @param settings of the images that accuracies are told of
 * @param events is told of every file, with what ONNX Runtime answers with it on validation images
 */
record QuantizedFiles(Calibration calibration, EvaluationSettings settings, RunEvents events) {

    /** What stands behind a network's name in these files' names. */
    static final String SUFFIX = "-int8";

    private static final Bits BITS = Bits.of("8");

    /**
     * Writes a network.
     *
     * @param metadata of the network's file in float32
     * @throws dev.lutra.InputException if it is of a space that has bits or cells
     */
    void write(Path file, SearchSpace space, Architecture architecture, Map<String, String> metadata, SubnetEvaluator evaluator, ImageData data) {
        UniformBits bits = UniformBits.of(space, BITS);
        Subnet subnet = evaluator.subnet(architecture, bits, calibration);
        Map<String, String> own = new LinkedHashMap<>(metadata);
        own.put(OnnxMetadata.QUANTIZED, own.get(OnnxMetadata.NETWORK));
        own.putAll(new ExportedNetwork(bits.space(), subnet.architecture(), data.classes()).metadata());
        own.putAll(calibration.values().shown());
        ModelProto model = OnnxExporter.export(subnet.network(), subnet.weights(), new OnnxOptions(true, OptionalInt.empty(), own));
        OnnxFile.write(file, model);
        events.emit(new RunEvent.FileQuantized(file.getFileName().toString(), model.getSerializedSize(), evaluator.hits(architecture).top1(),
            hits(file, data).top1(), RealKernels.of(model)));
    }

    private Hits hits(Path file, ImageData data) {
        try (Classifier classifier = Classifier.open(file);
            Batches batches = data.validation().inOrder(settings.batch(), settings.validationImages())) {
            Hits hits = Hits.NONE;
            while (batches.hasNext()) {
                hits = hits.plus(classifier.hits(batches.next()));
            }
            return hits;
        }
    }
}

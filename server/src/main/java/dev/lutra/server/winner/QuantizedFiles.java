package dev.lutra.server.winner;

import dev.lutra.InputException;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
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
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Files of networks that multiply integers: of those that have bits, what they answer is told; those of real numbers are written in 8 bits
 * beside their own files, weights as they were trained, grids of values by what training images make of them.
 *
 * @param settings of the images that accuracies are told of
 * @param events is told of every file, with what ONNX Runtime answers with it on validation images
 */
record QuantizedFiles(EvaluationSettings settings, RunEvents events) {

    /** What stands behind a network's name in the names of files of 8 bits. */
    static final String SUFFIX = "int8";

    private static final String KEY = "export.int8";
    private static final Bits BITS = Bits.of("8");

    /** @throws InputException if networks of a space cannot be written in 8 bits */
    static void requireReal(SearchSpace space) {
        try {
            UniformBits.of(space, BITS);
        } catch (InputException e) {
            throw new InputException(KEY + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes a network of real numbers in 8 bits.
     *
     * @param shown what the file is called where it is told of
     * @param real the network with its weights
     * @param metadata of the network's file in float32
     * @return the network as the file has it
     */
    Subnet write(Path file, String shown, SearchSpace space, Subnet real, Calibration calibration, Map<String, String> metadata,
        SubnetEvaluator evaluator, ImageData data) {
        Subnet subnet = inIntegers(space, real.architecture(), calibration, evaluator);
        Map<String, String> own = new LinkedHashMap<>(metadata);
        own.put(OnnxMetadata.QUANTIZED, own.get(OnnxMetadata.NETWORK));
        own.put(OnnxMetadata.QUANTIZED_ARCHITECTURE, own.get(OnnxMetadata.ARCHITECTURE));
        own.putAll(new ExportedNetwork(UniformBits.of(space, BITS).space(), subnet.architecture(), data.classes()).metadata());
        own.putAll(calibration.values(KEY).shown());
        ModelProto model = OnnxExporter.export(subnet.network(), subnet.weights(), new OnnxOptions(true, OptionalInt.empty(), own));
        OnnxFile.write(file, model);
        tell(file, shown, model, real, subnet, evaluator, data);
        return subnet;
    }

    /** In what a file was calibrated otherwise. */
    static Optional<NamedValues.Difference> differenceFrom(Calibration calibration, Map<String, String> metadata) {
        Map<String, String> found = new TreeMap<>(metadata);
        found.keySet().removeIf(name -> !name.startsWith(KEY));
        return calibration.values(KEY).differenceFrom(found);
    }

    /** A network of real numbers in 8 bits. */
    static Subnet inIntegers(SearchSpace space, Architecture architecture, Calibration calibration, SubnetEvaluator evaluator) {
        return evaluator.subnet(architecture, UniformBits.of(space, BITS), calibration);
    }

    /** Tells what a file of a network that has bits answers, and in which of its layers ONNX Runtime does not multiply integers. */
    void tell(Path file, String shown, ModelProto model, Subnet subnet, SubnetEvaluator evaluator, ImageData data) {
        tell(file, shown, model, subnet, subnet, evaluator, data);
    }

    private void tell(Path file, String shown, ModelProto model, Subnet before, Subnet subnet, SubnetEvaluator evaluator, ImageData data) {
        SameAnswers answers = new SameAnswers();
        Hits expected = Hits.NONE;
        try (Classifier classifier = Classifier.open(file);
            Batches batches = data.validation().inOrder(settings.batch(), settings.validationImages())) {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                float[] network = evaluator.logits(subnet, Precision.FLOAT32, batch);
                answers.add(network, classifier.logits(batch), batch.shown(), settings.threshold());
                expected = expected.plus(Hits.of(before == subnet ? network : evaluator.logits(before, Precision.FLOAT32, batch), batch.shown(),
                    settings.threshold()));
            }
        }
        events.emit(new RunEvent.FileQuantized(shown, model.getSerializedSize(), expected.accuracy(), answers.found(), answers.alike(),
            answers.difference(), RealKernels.of(model)));
    }
}

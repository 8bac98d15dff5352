package dev.lutra.server.run;

import dev.lutra.data.ImageData;
import dev.lutra.lowering.Precision;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.search.Candidate;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/** Writes winners as ONNX. */
final class WinnerExport {

    private final Experiment experiment;
    private final SearchSpace space;
    private final RunFolder folder;
    private final String version;

    WinnerExport(Experiment experiment, SearchSpace space, RunFolder folder, String version) {
        this.experiment = experiment;
        this.space = space;
        this.folder = folder;
        this.version = version;
    }

    static String fileName(int rank) {
        return fileName(rank, Precision.FLOAT32);
    }

    private static String fileName(int rank, Precision precision) {
        return "winner-" + rank + (precision == Precision.FLOAT32 ? "" : "-" + precision) + ".onnx";
    }

    Path file(int rank) {
        return folder.exports().resolve(fileName(rank));
    }

    Path file(int rank, Precision precision) {
        return folder.exports().resolve(fileName(rank, precision));
    }

    /** Where a winner with weights of its own is. */
    Path retrained(int rank) {
        return folder.exports().resolve("retrained-" + rank + ".onnx");
    }

    /**
     * Writes the candidate of a rank, counted from 1, with the supernet's weights: in float32, and as its targets compute.
     *
     * @param training what the weights follow from
     */
    void export(int rank, Candidate candidate, Map<String, String> training, SubnetEvaluator evaluator, ImageData data) {
        Set<Precision> precisions = EnumSet.of(Precision.FLOAT32);
        experiment.targets().forEach(target -> precisions.add(target.precision()));
        for (Precision precision : precisions) {
            write(file(rank, precision), precision, "supernet", supernet(training), candidate, evaluator, data);
        }
    }

    /** Writes a candidate with weights of its own, and what these follow from. */
    Path exportRetrained(int rank, Candidate candidate, Map<String, String> training, SubnetEvaluator evaluator, ImageData data) {
        Path file = retrained(rank);
        write(file, Precision.FLOAT32, "retrained", training, candidate, evaluator, data);
        return file;
    }

    private void write(Path file, Precision precision, String weights, Map<String, String> origin, Candidate candidate,
        SubnetEvaluator evaluator, ImageData data) {
        Map<String, String> metadata = new LinkedHashMap<>();
        origin.forEach((name, value) -> metadata.put(OnnxMetadata.ORIGIN + name, value));
        metadata.putAll(new ExportedNetwork(space, candidate.architecture(), data.classes()).metadata());
        metadata.put(OnnxMetadata.DATA_PREPARATION, data.preparation());
        metadata.put(OnnxMetadata.DATA_MEAN, text(data.normalization().mean()));
        metadata.put(OnnxMetadata.DATA_DEVIATION, text(data.normalization().deviation()));
        metadata.put(OnnxMetadata.WEIGHTS, weights);
        metadata.put(OnnxMetadata.PRECISION, precision.toString());
        metadata.put(OnnxMetadata.VERSION, version);
        OnnxOptions options = new OnnxOptions(experiment.export().foldBatchNorm(), OptionalInt.empty(), precision, metadata);
        Subnet subnet = evaluator.subnet(candidate.architecture());
        OnnxFile.write(file, OnnxExporter.export(subnet.network(), subnet.weights(), options));
    }

    private Map<String, String> supernet(Map<String, String> training) {
        Map<String, String> origin = new TreeMap<>(training);
        origin.putAll(experiment.evaluation().values().shown());
        return origin;
    }

    private static String text(float[] values) {
        return Arrays.toString(values).replaceAll("[\\[\\] ]", "");
    }
}

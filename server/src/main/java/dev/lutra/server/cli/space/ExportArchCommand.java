package dev.lutra.server.cli.space;

import dev.lutra.InputException;
import dev.lutra.lowering.Precision;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.WeightSource;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Version;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.weights.TensorFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "export-arch", mixinStandardHelpOptions = true, description = "Writes any architecture of a space as ONNX.")
public final class ExportArchCommand implements Runnable {

    @Mixin
    private SpaceArgument space;

    @Option(names = "--arch", required = true, paramLabel = "A", description = "The architecture, or 'random'.")
    private String architecture;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write.")
    private Path out;

    @Option(names = "--batch", paramLabel = "N", description = "Fixed batch (default: dynamic).")
    private Integer batch;

    @Option(names = "--precision", paramLabel = "P", defaultValue = "float32", description = "What the network computes in, inputs and outputs included: float32, float16 (default: ${DEFAULT-VALUE}).")
    private String precision;

    @Option(names = "--no-fold", description = "Keep batch norms as nodes of their own.")
    private boolean unfolded;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of random weights and of '--arch random'.")
    private long seed;

    @Option(names = "--weights", paramLabel = "FILE", description = "Weights by 'import-weights' or a supernet's checkpoint (default: random).")
    private Path weights;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Precision computed = Precision.of(precision);
        SearchSpace searchSpace = space.load();
        Architecture chosen = architecture.equals("random") ? searchSpace.random(new Random(seed)) : searchSpace.parse(architecture);
        WeightSource source = weights == null ? new RandomWeights(seed) : TensorFile.open(weights);
        Map<String, String> metadata = new LinkedHashMap<>(new ExportedNetwork(searchSpace, chosen, List.of()).metadata());
        metadata.put(OnnxMetadata.SEED, Long.toString(seed));
        metadata.put(OnnxMetadata.WEIGHTS, weights == null ? "random" : weights.getFileName().toString());
        metadata.put(OnnxMetadata.PRECISION, computed.toString());
        metadata.put(OnnxMetadata.VERSION, Version.text());
        OnnxOptions options = new OnnxOptions(!unfolded, batch == null ? OptionalInt.empty() : OptionalInt.of(batch), computed, metadata);
        OnnxFile.write(out, OnnxExporter.export(searchSpace.build(chosen), source, options));
        boolean isShared = weights != null && isSupernet(weights);
        if (json.isWanted()) {
            System.out.println(Json.line(Map.of("file", out.toString(), "arch", chosen.toString(), "ready", weights != null && !isShared)));
        }
        System.err.println("wrote " + out + ": " + chosen);
        if (isShared) {
            System.err.println("warning: " + weights + " has the weights of a supernet: without its images batch norm is not recalibrated for "
                + "this architecture, and the file does not say how images are prepared (lutra pick RUN --arch A does both)");
        }
    }

    private static boolean isSupernet(Path file) {
        try {
            Checkpoint.read(file);
            return true;
        } catch (InputException e) {
            return false; // weights of one network, as lutra import-weights --arch leaves them
        }
    }
}

package dev.lutra.server.cli.space;

import dev.lutra.network.RandomWeights;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.weights.ImportReport;
import dev.lutra.weights.TensorArchive;
import dev.lutra.weights.WeightImport;
import dev.lutra.weights.WeightMapping;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "import-weights", mixinStandardHelpOptions = true, description = "Fills one architecture with published weights.")
public final class ImportWeightsCommand implements Runnable {

    @Mixin
    private SpaceArgument space;

    @Option(names = "--arch", paramLabel = "A", description = "The architecture (default: the whole supernet).")
    private String architecture;

    @Option(names = "--from", required = true, paramLabel = "FILE", description = "Their weights: .safetensors, .npz, .npy or .onnx.")
    private Path from;

    @Option(names = "--mapping", required = true, paramLabel = "FILE", description = "YAML file of our names and theirs.")
    private Path mapping;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors file to write.")
    private Path out;

    @Option(names = "--partial", description = "Give first values to tensors without a counterpart.")
    private boolean partial;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of the first values.")
    private long seed;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        SearchSpace searchSpace = space.load();
        TensorArchive archive = TensorArchive.open(from);
        WeightMapping names = WeightMapping.read(mapping);
        WeightImport planned = architecture == null
            ? WeightImport.ofSupernet(searchSpace, archive, names,
                Checkpoint.imported(searchSpace, from.getFileName().toString(), seed))
            : new WeightImport(searchSpace, searchSpace.parse(architecture), archive, names);
        // before anything can fail, so that a mapping can be mended in one go
        if (json.isWanted()) {
            System.out.println(Json.line(planned.report()));
        } else {
            print(planned.report());
        }
        if (partial) {
            planned.write(out, new RandomWeights(seed));
        } else {
            planned.write(out);
        }
        System.err.println("wrote " + out + ": " + planned.report().matched().size() + " tensors from " + from);
    }

    private static void print(ImportReport report) {
        print("ours without a counterpart", report.unmatched());
        print("ours that their counterpart cannot fill", report.mismatched());
        print("theirs that fill nothing", report.unused());
    }

    private static void print(String what, List<String> tensors) {
        if (!tensors.isEmpty()) {
            Lines.print(what + ": " + tensors.size());
            tensors.forEach(tensor -> Lines.print("  " + tensor));
        }
    }
}

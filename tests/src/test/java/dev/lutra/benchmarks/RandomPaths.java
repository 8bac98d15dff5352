package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.data.DataProgress;
import dev.lutra.data.ImageData;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.SupernetWeights;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Accuracies of random architectures with a finished run's supernet, one a line. Arguments: experiment file, run folder, how many. */
public final class RandomPaths {

    private static final long SEED = 1;

    private RandomPaths() {}

    public static void main(String[] arguments) {
        Experiment experiment = ExperimentFile.read(Path.of(arguments[0]));
        Path run = Path.of(arguments[1]);
        SplittableRandom random = new SplittableRandom(SEED);
        try (ImageData data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), run.resolve("images"), DataProgress.NONE)) {
            SearchSpace space = experiment.searchSpace(data.classes().size());
            try (SupernetWeights weights = Checkpoint.load(run.resolve("supernet.safetensors"), space, Device.cpu());
                SubnetEvaluator judge = new SubnetEvaluator(space, weights, data, experiment.evaluation())) {
                for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
                    System.out.println(judge.hits(space.random(random)).top1());
                }
            }
        }
    }
}

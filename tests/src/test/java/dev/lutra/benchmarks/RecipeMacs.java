package dev.lutra.benchmarks;

import dev.lutra.cost.Cost;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.blockwise.BlockTeacher;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.curriculum.Curriculum.Span;
import dev.lutra.supernet.curriculum.Sampling.Moment;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the supernets of experiments cost: multiply-accumulates of a forward pass over all epochs, for one image of the training
 * set. Paths are drawn as the training draws them, for some steps of every epoch; where an experiment has a checkpoint beside
 * it, the phases after the first shrinking draw from what is left at the end. A teacher, which only looks, counts as a third of a path. Run by {@code tests/benchmarks/ranking.sh}.
 */
public final class RecipeMacs {

    private static final int STEPS_AN_EPOCH = 150;

    /** Part of what a step computes that is its pass forward, which is all that a teacher does. */
    private static final double OF_A_STEP_FORWARD = 1 / 3.0;

    private RecipeMacs() {}

    /** @param args experiment files; the checkpoint of {@code x.yaml} is {@code x/supernet.safetensors} */
    public static void main(String[] args) {
        for (String file : args) {
            Experiment experiment = ExperimentFile.read(Path.of(file));
            SearchSpace space = experiment.baseSpace();
            Path checkpoint = Path.of(file.replaceFirst("\\.yaml$", ""), "supernet.safetensors");
            Options left = Files.exists(checkpoint) ? Checkpoint.read(checkpoint).surviving(space) : Options.all(space);
            System.out.printf(Locale.ROOT, "%s %.0f%n", file, macs(experiment.training(), space, left));
        }
    }

    private static double macs(TrainingSettings settings, SearchSpace space, Options left) {
        double macs = 0;
        Options options = Options.all(space);
        for (Span span : settings.curriculum().spans(settings.epochs())) {
            double teacher = span.phase().sampling() instanceof BlockWiseSampling
                ? OF_A_STEP_FORWARD * Cost.of(new BlockTeacher(space).trained()).macs()
                : 0;
            for (int epoch = span.start(); epoch < span.end(); epoch++) {
                macs += teacher;
                for (int step = 0; step < STEPS_AN_EPOCH; step++) {
                    Moment moment = new Moment(settings.seed(), (long) epoch * STEPS_AN_EPOCH + step, epoch, span.start(), span.end());
                    macs += span.phase().sampling().paths(options, moment).stream()
                        .mapToDouble(path -> Cost.of(space.build(path)).macs()).sum() / STEPS_AN_EPOCH;
                }
            }
            options = span.phase().sampling().isOnePath() ? options : left;
        }
        return macs;
    }
}

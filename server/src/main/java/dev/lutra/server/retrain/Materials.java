package dev.lutra.server.retrain;

import dev.lutra.InputException;
import dev.lutra.data.ImageData;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;

/** What networks of an experiment are trained from. Everything is opened once, when first asked for. */
public interface Materials {

    Experiment experiment();

    /** With as many classes as the images have. */
    SearchSpace space();

    ImageData data();

    Devices devices();

    /** The supernet's file, whether it is there or not. */
    Path checkpoint();

    /** The trained weights. */
    SupernetWeights supernet();

    SubnetEvaluator evaluator();

    /** The options that the supernet's training has not dropped. */
    Options options();

    /** @throws InputException if there is no supernet, or it is not trained to its end */
    default void requireSupernet() {
        if (!experiment().hasSupernet()) {
            throw new InputException("accuracy: an experiment that has it from elsewhere has no supernet, whose weights this needs "
                + "(expected: lutra retrain, which trains winners by themselves)");
        }
        Path file = checkpoint();
        if (!Files.exists(file) || !Checkpoint.read(file).isFinished()) {
            throw InputException.in(file, "not a finished training (expected: after lutra train)");
        }
    }
}

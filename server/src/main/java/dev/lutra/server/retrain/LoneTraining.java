package dev.lutra.server.retrain;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.proto.content.Sha256;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Start;
import dev.lutra.supernet.training.Teaching;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.weights.TensorFile;
import java.nio.file.Path;

/**
 * The training of one network by itself, as the experiment's {@code retrain} says.
 *
 * @param from what it is trained from
 */
public record LoneTraining(Materials from, LoneNetwork network) {

    /**
     * The weights that it begins with, but for those of a training for perhaps other classes.
     *
     * @throws InputException if there are no such weights
     */
    public Start start() {
        FirstWeights weights = from.experiment().retraining().weights();
        if (weights instanceof FirstWeights.InFile file) {
            TensorFile tensors = TensorFile.open(file.path());
            return Start.of("file " + Sha256.ofFile(file.path()), tensors);
        }
        if (weights instanceof FirstWeights.Supernet) {
            if (!from.space().equals(network.space())) {
                throw new InputException("retrain.weights: supernet, with " + network.name() + ", a network of " + network.space().name()
                    + " (expected: one of " + from.space().name() + ", which the supernet has)");
            }
            from.requireSupernet();
            return Start.of("supernet " + Checkpoint.weightsFingerprint(from.checkpoint()), from.supernet());
        }
        return Start.SCRATCH;
    }

    private TrainingSettings settings() {
        return from.experiment().retraining().training().alone(network.architecture());
    }

    /** What its weights follow from. */
    public NamedValues origin(Start start, Teaching teaching) {
        return Trainer.origin(network.space(), from.data(), settings(), from.experiment().evaluation(), start, teaching);
    }

    /** @param weights file of the training, which goes on from it if it is there */
    public Trainer trainer(Start start, Teaching teaching, Path weights) {
        return new Trainer(network.space(), from.data(), settings(), from.experiment().evaluation(), weights).from(start).taught(teaching)
            .on(from.devices());
    }

    /** What a training is called in events. */
    public static String key(NamedValues origin) {
        return "retrain/" + origin.fingerprint("training", 1);
    }
}

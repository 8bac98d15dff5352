package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.server.outcome.NetworkFolder;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Start;
import dev.lutra.supernet.transfer.Pretrained;
import dev.lutra.supernet.transfer.PretrainedFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Weights of an earlier training as the beginning of one.
 *
 * @param file them
 * @param space that is trained
 * @param networks all of it that is
 * @param learnsBatchNorm whether scale and shift of batch norm are learned
 */
record PretrainedStart(PretrainedFile file, SearchSpace space, List<Network> networks, boolean learnsBatchNorm) {

    static PretrainedStart ofSupernet(FirstWeights.Pretrained wanted, SearchSpace space) {
        return new PretrainedStart(file(wanted), space, space.everyOption(), space.learnsBatchNorm());
    }

    static PretrainedStart ofNetwork(FirstWeights.Pretrained wanted, SearchSpace space, Network network) {
        return new PretrainedStart(file(wanted), space, List.of(network), true);
    }

    /** A folder is a run's, whose supernet is meant, or that of a network that was trained by itself. */
    private static PretrainedFile file(FirstWeights.Pretrained wanted) {
        Path path = wanted.path();
        if (Files.isDirectory(path)) {
            Path own = new NetworkFolder(path).weights();
            path = Files.exists(own) ? own : new RunFolder(path).checkpoint();
        }
        return new PretrainedFile(path, wanted.replacesHead());
    }

    /**
     * Compares names and extents, before any image is opened.
     *
     * @param key of the experiment file that it stands under
     * @throws InputException if there are no such weights, none fits, or a head that is to be kept does not
     */
    void check(String key) {
        Pretrained.Report report = file.compared(space).report(networks, learnsBatchNorm);
        Set<String> head = Pretrained.head(space);
        if (!file.replacesHead()) {
            report.unmatched().stream().filter(tensor -> head.contains(tensor.split(" ")[0])).findFirst().ifPresent(tensor -> {
                throw new InputException(key + ".replace-head: false, with " + file.path() + ": " + tensor + " (expected: true, for "
                    + space.classes() + " classes)");
            });
        }
    }

    /**
     * The weights, of which it is told what fits, unless the training has begun before and has what it took of them.
     *
     * @param training key of its events
     * @param checkpoint of the training
     */
    Start told(RunContext run, String training, Path checkpoint) {
        if (Files.exists(checkpoint)) {
            return unopened();
        }
        Pretrained.Report report = file.compared(space).report(networks, learnsBatchNorm);
        run.events().emit(new RunEvent.WeightsMatched(training, file.path().toString(), report.matched().size(), report.unmatched()));
        return file.opened(space, run.data(), run.devices().first()).start(file.described());
    }

    /** What they are called, for who takes no values. */
    Start unopened() {
        return new Start(file.described(), weight -> Optional.empty());
    }

    /** Names of all that the networks learn. */
    static List<String> learned(List<Network> networks) {
        return Pretrained.tensors(networks).stream().map(SharedTensor::name).toList();
    }
}

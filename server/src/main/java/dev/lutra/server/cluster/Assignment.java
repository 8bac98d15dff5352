package dev.lutra.server.cluster;

import dev.lutra.AtomicFile;
import dev.lutra.InputFile;
import dev.lutra.identity.NamedValues;
import dev.lutra.proto.content.Sha256;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/**
 * What another machine needs to open an experiment as it is opened here. Images are read from where the experiment has them; the experiment
 * itself and its space travel with this.
 *
 * @param file where the experiment is, or was: paths in it are relative to its folder
 * @param text all of it
 * @param space the name of a built-in space, or the text of its file
 * @param isSpaceText which of them
 * @param cache folder of decoded images; made on the other machine if it is not there
 * @param firstWeights of networks that are trained by themselves; empty for those of a training for perhaps other classes
 * @param origin what accuracies, or the rounds of a training, follow from, by name: on the other machine it has to be the same; empty where
 *     other work is given, which says that itself
 */
public record Assignment(String file, String text, String space, boolean isSpaceText, String cache, String firstWeights,
    TreeMap<String, String> origin)
    implements
        Serializable {

    private static final long serialVersionUID = 1L;

    /**
     * @param cache folder of decoded images
     * @param origin what the work follows from; nothing where that says so itself
     * @throws dev.lutra.InputException if the space's file cannot be read
     */
    public static Assignment of(Experiment experiment, Path cache, NamedValues origin) {
        boolean isFile = SpaceFile.isFile(experiment.space());
        return new Assignment(experiment.text().file().toString(), experiment.text().content(),
            isFile ? InputFile.text(Path.of(experiment.space()), YamlNode.MOST_BYTES) : experiment.space(), isFile,
            cache.toAbsolutePath().toString(), firstWeights(experiment.retraining().weights()), new TreeMap<>(origin.stored()));
    }

    private static String firstWeights(FirstWeights weights) {
        return weights instanceof FirstWeights.InFile file
            ? file.path().toAbsolutePath().toString()
            : weights instanceof FirstWeights.Scratch ? "scratch" : weights instanceof FirstWeights.Supernet ? "supernet" : "";
    }

    /** Tells assignments apart: those with the same name are the same work. */
    public String fingerprint() {
        return Sha256.of(String.join("\n", file, text, space, Boolean.toString(isSpaceText), cache, firstWeights, origin.toString()));
    }

    /**
     * The experiment on this machine.
     *
     * @param folder for the file of its space
     */
    Experiment experiment(Path folder) {
        Experiment written = ExperimentFile.read(new Experiment.Text(Path.of(file), text));
        Experiment experiment = firstWeights.isEmpty() ? written : written.withFirstWeights(FirstWeights.of(firstWeights, folder));
        if (!isSpaceText) {
            return experiment;
        }
        Path own = folder.resolve("space-" + Sha256.of(space) + ".yaml");
        if (!Files.exists(own)) {
            AtomicFile.write(own, space);
        }
        return experiment.withSpace(own.toString());
    }
}

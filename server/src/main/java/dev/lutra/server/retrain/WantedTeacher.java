package dev.lutra.server.retrain;

import dev.lutra.InputException;
import dev.lutra.proto.content.Sha256;
import dev.lutra.server.experiment.Experiment.Distillation;
import dev.lutra.server.predictor.Classifier;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Teacher;
import dev.lutra.supernet.training.Teaching;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a network by itself learns besides labels, as an experiment wants it. Whoever asks for a teacher closes it.
 *
 * @param wanted how much of it counts
 */
public record WantedTeacher(Distillation wanted) {

    /**
     * An ONNX file as the teacher.
     *
     * @param space whose images and classes it has to know
     * @throws InputException if there is no such teacher, or it tells other classes apart
     */
    public Teaching byFile(Path file, SearchSpace space) {
        Classifier teacher = Classifier.open(file);
        try {
            teacher.requireClasses(space.classes(), space.imageSize());
            return byNetwork("file " + Sha256.ofFile(file), teacher);
        } catch (RuntimeException e) {
            teacher.close();
            throw e;
        }
    }

    /**
     * A network as the teacher.
     *
     * @param described what its answers follow from
     */
    public Teaching byNetwork(String described, Teacher teacher) {
        return new Teaching(described, Optional.of(teacher), wanted.share(), wanted.temperature());
    }
}

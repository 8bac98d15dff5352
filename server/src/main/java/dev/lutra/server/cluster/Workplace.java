package dev.lutra.server.cluster;

import dev.lutra.InputException;
import dev.lutra.data.DataProgress;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracySource.Answer;
import dev.lutra.server.event.EventFile;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.retrain.LoneNetwork;
import dev.lutra.server.retrain.LoneTraining;
import dev.lutra.server.retrain.Materials;
import dev.lutra.server.retrain.Sibling;
import dev.lutra.server.retrain.Taught;
import dev.lutra.server.training.Probes;
import dev.lutra.server.training.TrainingProgress;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Rounds;
import dev.lutra.supernet.training.Start;
import dev.lutra.supernet.training.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A machine of a cluster, with an experiment's images and shared weights open: one copy of the weights, whatever number of candidates it judges
 * at a time, and images in memory that all processes on the machine share. For use by several threads.
 */
public final class Workplace implements Materials, AutoCloseable {

    private final Assignment assignment;
    private final Optional<Path> supernetFile;
    private final Experiment experiment;
    private final SearchSpace space;
    private final ImageData data;
    private SupernetWeights weights;
    private SubnetEvaluator evaluator;
    private Trainer trainer;

    private Workplace(Assignment assignment, Optional<Path> supernetFile, Experiment experiment) {
        this.assignment = assignment;
        this.supernetFile = supernetFile;
        this.experiment = experiment;
        space = experiment.trainedSpace();
        data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), Path.of(assignment.cache()), DataProgress.NONE);
    }

    /**
     * Opens what an assignment names; images that were not decoded before are. Weights are opened when they are first asked for.
     *
     * @param supernet file of the weights, where there is one
     * @param folder of this process, for small files
     */
    public static Workplace open(Assignment assignment, Optional<Path> supernet, Path folder) {
        return new Workplace(assignment, supernet, assignment.experiment(folder));
    }

    /**
     * Judges one architecture.
     *
     * @param least the accuracy that it has to reach to matter
     * @throws InputException if images or weights are not those of where the run is
     */
    public Answer judge(String architecture, double least) {
        SubnetEvaluator judge = evaluator();
        if (experiment.evaluation().by() == By.STAGES) { // each is judged once, whatever networks it is part of, by one thread at a time
            synchronized (judge) {
                return judged(judge, space.parse(architecture), least);
            }
        }
        return judged(judge, space.parse(architecture), least);
    }

    private Answer judged(SubnetEvaluator judge, Architecture architecture, double least) {
        AccuracySource accuracies = new SupernetAccuracies(() -> judge, experiment.evaluation());
        Answer[] answer = new Answer[1];
        accuracies.find(Map.of(architecture, least), (judged, found) -> answer[0] = found);
        return answer[0];
    }

    /**
     * Trains a network to its end, from its last checkpoint if there is one, and tells in a file what happens. Whoever else trains it is waited for.
     *
     * @throws InputException if its weights would follow from other values here than where the run is, or its folder is not there
     */
    public void train(LoneAssignment wanted) {
        Path file = Path.of(wanted.weights());
        if (!Files.isDirectory(file.getParent())) {
            throw InputException.in(file.getParent(), "no such folder (expected: the run's, on a file system that all machines share)");
        }
        LoneNetwork searched = new LoneNetwork(wanted.name(), space, space.parse(wanted.architecture()));
        LoneNetwork network = wanted.isGrown() ? new Sibling(experiment.retraining().space().orElseThrow()).of(searched) : searched;
        LoneTraining training = new LoneTraining(this, network);
        try (TrainingLock lock = TrainingLock.await(file);
            Taught taught = new Taught(this);
            EventFile told = EventFile.begin(wanted.told(), Clock.systemUTC())) {
            Start start = training.start();
            NamedValues origin = training.origin(start, taught.teaching());
            requireSame(origin, wanted.origin(), wanted.name(), "trained");
            try (TrainingProgress progress = new TrainingProgress(new RunEvents(List.of(told)), wanted.name(), LoneTraining.key(origin),
                Probes.NONE)) {
                training.trainer(start, taught.teaching(), file).train(progress).close();
            }
        }
    }

    /**
     * Takes a round of the supernet's training as one of its learners.
     *
     * @param number of the learner
     * @param before what all of them begin with
     * @throws InputException if images or settings are not those of where the run is
     */
    public Rounds.Learned learn(Rounds.Round round, int number, LearnedState before) {
        return trainer().learned(round, number, before);
    }

    private synchronized Trainer trainer() {
        if (trainer == null) {
            requireSame(Trainer.origin(space, data, experiment.training(), experiment.evaluation()), assignment.origin(), assignment.file(),
                "trained");
            trainer = new Trainer(space, data, experiment.training(), experiment.evaluation(), Path.of("unused"), devices().first());
        }
        return trainer;
    }

    /**
     * Makes sure that what comes of work here is what would come of it where the run is.
     *
     * @param here what it follows from here
     * @param there what it follows from where the run is
     * @param what is worked on
     * @param done what is done with it
     */
    private static void requireSame(NamedValues here, Map<String, String> there, String what, String done) {
        here.differenceFrom(there).ifPresent(difference -> {
            throw new InputException(what + ": where the run is, " + done + " by " + difference);
        });
    }

    @Override
    public Experiment experiment() {
        return experiment;
    }

    @Override
    public SearchSpace space() {
        return space;
    }

    @Override
    public ImageData data() {
        return data;
    }

    @Override
    public Devices devices() {
        return Devices.of(experiment.device());
    }

    @Override
    public Path checkpoint() {
        return supernetFile.orElseThrow(() -> new InputException("no trained supernet, whose weights this needs (expected: after lutra train)"));
    }

    @Override
    public synchronized SupernetWeights supernet() {
        if (weights == null) {
            weights = Checkpoint.load(checkpoint(), space, data, devices());
        }
        return weights;
    }

    @Override
    public synchronized SubnetEvaluator evaluator() {
        if (evaluator == null) {
            if (!assignment.origin().isEmpty()) {
                requireSame(SubnetEvaluator.origin(space, Checkpoint.weightsFingerprint(checkpoint()), data, experiment.evaluation()),
                    assignment.origin(), assignment.file(), "judged");
            }
            // as many as tasks may run here at once: those wait for a processor, not for each other
            EvaluationSettings settings = experiment.evaluation().withEvaluators(Runtime.getRuntime().availableProcessors());
            evaluator = new SubnetEvaluator(space, supernet(), data, settings, devices());
        }
        return evaluator;
    }

    @Override
    public Options options() {
        return Checkpoint.read(checkpoint()).surviving(space);
    }

    @Override
    public synchronized void close() {
        if (evaluator != null) {
            evaluator.close();
        }
        if (weights != null) {
            weights.close();
        }
        data.close();
    }
}

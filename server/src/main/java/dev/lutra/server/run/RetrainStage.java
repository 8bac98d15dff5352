package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.search.Candidate;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Trains the winners that devices confirmed, or while there are none the first, from scratch, each with its weights to itself, and
 * writes them as ONNX beside the others. Gives validation accuracy by file.
 */
final class RetrainStage implements Stage<Map<Path, Double>> {

    @Override
    public String name() {
        return "retrain";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.FRONT);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.RETRAINED);
    }

    /**
     * @throws InputException if the experiment has no images to train on
     */
    @Override
    public void check(RunContext run) {
        run.experiment().dataSpec(run.experiment().baseSpace());
    }

    @Override
    public Map<Path, Double> run(RunContext run) {
        Map<Path, Double> accuracies = new LinkedHashMap<>();
        for (Map.Entry<Integer, Candidate> chosen : run.chosen().entrySet()) {
            int rank = chosen.getKey();
            Candidate candidate = chosen.getValue();
            TrainingSettings settings = run.experiment().retraining().alone(candidate.architecture());
            NamedValues origin = Trainer.origin(run.space(), run.data(), settings, run.experiment().evaluation());
            Trainer trainer = new Trainer(run.space(), run.data(), settings, run.experiment().evaluation(),
                run.folder().retrained(origin.fingerprint("training", 1)));
            try (TrainingProgress training = new TrainingProgress(run.events(), "retrain " + rank, "retrain/" + origin.fingerprint("training", 1));
                SupernetWeights weights = trainer.train(training);
                SubnetEvaluator judge = new SubnetEvaluator(run.space(), weights, run.data(), run.experiment().evaluation())) {
                Path file = run.exporter().exportRetrained(rank, candidate, origin.shown(), judge, run.data());
                accuracies.put(file, judge.evaluate(candidate.architecture()).accuracy());
            }
        }
        return accuracies;
    }
}

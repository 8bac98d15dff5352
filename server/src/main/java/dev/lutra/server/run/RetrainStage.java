package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.training.Probes;
import dev.lutra.server.training.TrainingProgress;
import dev.lutra.space.Architecture;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;

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
        run.events().emit(new RunEvent.BegunAnew("retrain/file"));
        for (Map.Entry<Integer, Candidate> chosen : run.chosen().entrySet()) {
            int rank = chosen.getKey();
            Candidate candidate = chosen.getValue();
            alone(run, candidate.architecture(), "retrain " + rank, (origin, judge) -> {
                Path file = run.exporter().exportRetrained(rank, candidate, origin.shown(), judge, run.data());
                double accuracy = judge.evaluate(candidate.architecture()).accuracy();
                run.events().emit(new RunEvent.NetworkRetrained(file.getFileName().toString(), candidate.architecture().toString(), accuracy));
                return accuracies.put(file, accuracy);
            });
        }
        return accuracies;
    }

    /**
     * Trains one network from scratch, or what is left of that, as the experiment's {@code retrain} says.
     *
     * @param name of the training on a console
     * @param trained given what the weights follow from, and an evaluator of them
     * @return what {@code trained} gives
     */
    static <T> T alone(RunContext run, Architecture architecture, String name, BiFunction<NamedValues, SubnetEvaluator, T> trained) {
        TrainingSettings settings = run.experiment().retraining().alone(architecture);
        NamedValues origin = Trainer.origin(run.space(), run.data(), settings, run.experiment().evaluation());
        String fingerprint = origin.fingerprint("training", 1);
        Trainer trainer = new Trainer(run.space(), run.data(), settings, run.experiment().evaluation(),
            run.folder().retrained(fingerprint));
        try (TrainingProgress training = new TrainingProgress(run.events(), name, "retrain/" + fingerprint, Probes.NONE);
            SupernetWeights weights = trainer.train(training);
            SubnetEvaluator judge = new SubnetEvaluator(run.space(), weights, run.data(), run.experiment().evaluation())) {
            return trained.apply(origin, judge);
        }
    }
}

package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.server.experiment.Experiment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Accuracy of the winners on the test split, which no earlier stage has looked at, by architecture. */
final class TestStage implements Stage<Map<String, Double>> {

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.FRONT);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    /**
     * @throws InputException if the experiment has no test images
     */
    @Override
    public Map<String, Double> run(RunContext run) {
        var split = run.data().test().orElseThrow(() -> new InputException("data.test: missing (expected: a source of test images)"));
        Map<String, Double> accuracies = new LinkedHashMap<>();
        List<Candidate> winners = run.ranked().subList(0, run.winnersWanted());
        try (Progress.Work work = run.progress().begin("test", winners.size(), "networks")) {
            for (Candidate candidate : winners) {
                accuracies.put(candidate.architecture().toString(), run.evaluator().accuracy(candidate.architecture(), split));
                work.at(accuracies.size(), "");
            }
        }
        return accuracies;
    }
}

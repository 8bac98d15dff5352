package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.data.Split;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Accuracy of the winners on the test split, which no earlier stage has looked at, by architecture. */
final class TestStage implements Stage<Map<String, Double>> {

    @Override
    public String name() {
        return "test";
    }

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
    public void check(RunContext run) {
        Experiment experiment = run.experiment();
        if (experiment.hasSupernet() && experiment.data().flatMap(Experiment.DataSource::test).isEmpty()) {
            throw new InputException("data.test: missing (expected: a source of test images)");
        }
    }

    @Override
    public Map<String, Double> run(RunContext run) {
        Split split = run.data().test().orElseThrow();
        Map<String, Double> accuracies = new LinkedHashMap<>();
        Collection<Candidate> winners = run.chosen().values();
        run.events().emit(new RunEvent.BegunAnew("test/network"));
        try (Progress.Work work = run.events().begin("test", winners.size(), "networks")) {
            for (Candidate candidate : winners) {
                double accuracy = run.evaluator().accuracy(candidate.architecture(), split);
                accuracies.put(candidate.architecture().toString(), accuracy);
                run.events().emit(new RunEvent.NetworkTested(candidate.architecture().toString(), accuracy));
                work.at(accuracies.size(), "");
            }
        }
        return accuracies;
    }
}

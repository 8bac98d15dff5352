package dev.lutra.server.cli.run;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.yaml.Durations;
import picocli.CommandLine.Option;

/** Of commands that profile. */
final class BudgetOption {

    @Option(names = "--budget", paramLabel = "TIME", description = "The time that a device's whole table may take, such as '60 s' (default: the experiment's profile.budget, or as long as it takes).")
    private String budget;

    /** The experiment with the budget that was given, if one was. */
    Experiment applyTo(Experiment experiment) {
        return budget == null
            ? experiment
            : experiment.withBudget(Durations.of(budget).orElseThrow(() -> new InputException("--budget: " + budget
                + " (expected: a positive duration with its unit, such as 60 s; units: ns, us, ms, s, min, h)")));
    }
}

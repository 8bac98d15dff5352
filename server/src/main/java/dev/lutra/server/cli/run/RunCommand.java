package dev.lutra.server.cli.run;

import dev.lutra.server.event.RunListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.ExperimentRun;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "run", mixinStandardHelpOptions = true, description = "Train, profile, search, export and verify; goes on where an earlier run stopped.")
public final class RunCommand extends AnsweringCommand {

    @Mixin
    private BudgetOption budget;

    @Mixin
    private PageOption page;

    @Override
    List<RunListener> listeners(RunFolder folder) {
        return List.of(page.of(folder));
    }

    @Override
    Experiment changed(Experiment experiment) {
        return budget.applyTo(experiment);
    }

    @Override
    int answer(ExperimentRun run, boolean json) {
        run.all();
        RunSummary.print(run, json);
        return RunSummary.code(run);
    }
}

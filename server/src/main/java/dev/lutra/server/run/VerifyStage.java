package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.Agreement;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerFile;
import java.util.List;
import java.util.Set;

/**
 * Has the devices confirm the exported files, {@linkplain Verification repairs} what predictions they contradict, and writes the report.
 * Gives what was found, the most accurate first.
 */
final class VerifyStage implements Stage<List<Winner>> {

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.TABLES, Artifact.FRONT, Artifact.EXPORTS);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.VERIFICATION);
    }

    /**
     * @throws InputException if the experiment names no device to ask, or one that cannot be reached
     */
    @Override
    public void check(RunContext run) {
        if (run.experiment().targets().isEmpty() && run.experiment().hasSupernet()) {
            throw new InputException("targets: missing (expected: at least one device, which verifies exported files)");
        }
        if (run.experiment().hasSupernet()) {
            run.requireReachable(run.experiment().targets());
        }
    }

    @Override
    public List<Winner> run(RunContext run) {
        run.requireTablesOfDevices(name());
        List<Winner> winners = new Verification(run).winners();
        WinnerFile.write(run.folder().verification(), winners);
        Agreement.of(winners).ifPresent(agreement -> run.events().say("verify: " + agreement.described()));
        run.exported(winners);
        run.report(winners);
        if (winners.stream().noneMatch(Winner::isVerified)) {
            run.events().emit(new RunEvent.Warning(name(), "no exported file was confirmed by its devices, see " + run.folder().report()));
        }
        return winners;
    }
}

package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.DeviceCheck;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerCheck;
import dev.lutra.server.winner.WinnerExport;
import dev.lutra.server.winner.WinnerFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Has the devices confirm the exported files and writes the report. A file that misses a limit when measured stays, marked as such,
 * and the next candidate of the front takes its place, until enough are verified or the front is exhausted. Gives what was found, the
 * most accurate first.
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
        List<Winner> winners = verify(run);
        WinnerFile.write(run.folder().verification(), winners);
        run.exported(winners);
        run.report(winners);
        if (winners.stream().noneMatch(Winner::isVerified)) {
            run.events().emit(new RunEvent.Warning(name(), "no exported file was confirmed by its devices, see " + run.folder().report()));
        }
        return winners;
    }

    private static List<Winner> verify(RunContext run) {
        List<Candidate> ranked = run.ranked();
        int wanted = run.winnersWanted();
        WinnerExport files = run.exporter();
        WinnerCheck check = new WinnerCheck(run.experiment(), run.space(), files, run.tables(),
            new DeviceCheck(run.experiment(), run.id(), run.fleet()));
        List<Winner> winners = new ArrayList<>();
        int verified = 0;
        run.events().emit(new RunEvent.BegunAnew("verify/file"));
        try (Progress.Work work = run.events().begin("verify", wanted, "files")) {
            for (int rank = 1; rank <= ranked.size() && verified < wanted; rank++) {
                if (rank > wanted) {
                    files.export(rank, ranked.get(rank - 1), run.trained(), run.evaluator(), run.data());
                    run.events().emit(new RunEvent.FileExported(WinnerExport.fileName(rank), ranked.get(rank - 1).architecture().toString()));
                }
                Winner winner = check.verify(rank, ranked.get(rank - 1), run.evaluator(), run.data());
                winners.add(winner);
                winner.checks().forEach(found -> run.events().emit(new RunEvent.FileVerified(winner.file(), winner.architecture(),
                    found.device(), found.predictedNanos(), found.p50Nanos(), found.difference(),
                    found.numericsAgree() && found.withinLimit())));
                verified += winner.isVerified() ? 1 : 0;
                work.at(verified, winner.file());
            }
        }
        winners.sort(Comparator.comparingDouble(Winner::accuracy).reversed());
        return winners;
    }
}

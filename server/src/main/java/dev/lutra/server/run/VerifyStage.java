package dev.lutra.server.run;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.supernet.training.Checkpoint;
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
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.TABLES, Artifact.FRONT, Artifact.EXPORTS);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.VERIFICATION);
    }

    @Override
    public List<Winner> run(RunContext run) {
        List<Winner> winners = verify(run);
        WinnerFile.write(run.folder().verification(), winners);
        Front front = Front.readJson(run.folder().front(), run.space());
        RunReport report = new RunReport(run.experiment(), run.space(), run.folder());
        report.write(front, run.candidates().all(), winners, Checkpoint.read(run.checkpoint()).curve(),
            TrainStage.sampledPaths(run), run.tables());
        run.progress().say("report: " + run.folder().report());
        return winners;
    }

    private static List<Winner> verify(RunContext run) {
        List<Candidate> ranked = run.ranked();
        int wanted = run.winnersWanted();
        WinnerExport files = run.exporter();
        WinnerCheck check = new WinnerCheck(run.experiment(), run.space(), files, run.tables(), run.id());
        List<Winner> winners = new ArrayList<>();
        int verified = 0;
        try (Progress.Work work = run.progress().begin("verify", wanted, "files")) {
            for (int rank = 1; rank <= ranked.size() && verified < wanted; rank++) {
                if (rank > wanted) {
                    files.export(rank, ranked.get(rank - 1), run.trained(), run.evaluator(), run.data());
                }
                Winner winner = check.verify(rank, ranked.get(rank - 1), run.evaluator(), run.data(), run.fleet());
                winners.add(winner);
                verified += winner.isVerified() ? 1 : 0;
                work.at(verified, winner.file());
            }
        }
        winners.sort(Comparator.comparingDouble(Winner::accuracy).reversed());
        return winners;
    }
}

package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerExport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Writes the first winners as ONNX, with the supernet's weights, and where no device is there to verify them the report too. Gives
 * the winners, not verified yet.
 */
final class ExportStage implements Stage<List<Winner>> {

    @Override
    public String name() {
        return "export";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.FRONT);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.EXPORTS);
    }

    /**
     * @throws InputException if networks cannot be written as the experiment says
     */
    @Override
    public void check(RunContext run) {
        WinnerExport.check(run.experiment(), run.space());
    }

    @Override
    public List<Winner> run(RunContext run) {
        List<Winner> winners = export(run);
        run.exported(winners);
        if (run.experiment().targets().isEmpty()) {
            run.report(winners);
        }
        return winners;
    }

    /** Writes the front's winners, in the place of those of another front. */
    static List<Winner> export(RunContext run) {
        List<Candidate> ranked = run.ranked();
        List<Winner> winners = new ArrayList<>();
        WinnerExport files = run.exporter();
        files.setAsideOthers(ranked, run.events());
        int count = run.winnersWanted();
        run.events().emit(new RunEvent.BegunAnew("export/file"));
        try (Progress.Work work = run.events().begin("export", count, "files")) {
            for (int rank = 1; rank <= count; rank++) {
                String file = WinnerExport.fileName(WinnerExport.name(rank));
                if (files.export(WinnerExport.name(rank), ranked.get(rank - 1), run.trained(), run.evaluator(), run.data())) {
                    run.events().emit(new RunEvent.BegunAnew("verify/file/" + file));
                }
                winners.add(new Winner(ranked.get(rank - 1).architecture().toString(), file,
                    ranked.get(rank - 1).measures().values(), List.of()));
                run.events().emit(new RunEvent.FileExported(file, ranked.get(rank - 1).architecture().toString()));
                work.at(rank, file);
            }
        }
        return winners;
    }
}

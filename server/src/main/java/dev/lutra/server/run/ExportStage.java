package dev.lutra.server.run;

import dev.lutra.search.Candidate;
import dev.lutra.server.experiment.Experiment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Writes the first winners as ONNX, with the supernet's weights. Gives their files. */
final class ExportStage implements Stage<List<Path>> {

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET, Artifact.FRONT);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of(Artifact.EXPORTS);
    }

    @Override
    public List<Path> run(RunContext run) {
        List<Candidate> ranked = run.ranked();
        List<Path> files = new ArrayList<>();
        int count = run.winnersWanted();
        try (Progress.Work work = run.progress().begin("export", count, "files")) {
            for (int rank = 1; rank <= count; rank++) {
                run.exporter().export(rank, ranked.get(rank - 1), run.trained(), run.evaluator(), run.data());
                files.add(run.exporter().file(rank));
                work.at(rank, WinnerExport.fileName(rank));
            }
        }
        return files;
    }
}

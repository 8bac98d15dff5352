package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.search.Candidate;
import dev.lutra.server.winner.WinnerExport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What one stage leaves in a run's folder for another. */
enum Artifact {

    /** Shared weights, trained to the last epoch. */
    SUPERNET {
        @Override
        void require(RunContext run) {
            run.requireSupernet();
        }
    },

    /** A lookup table a target. */
    TABLES {
        @Override
        void require(RunContext run) {
            run.tables();
        }
    },

    /** The Pareto front, under this experiment's objectives and limits. */
    FRONT {
        @Override
        void require(RunContext run) {
            requireFile(run.folder().front(), "search");
            run.front();
        }
    },

    /** The first winners as ONNX. */
    EXPORTS {
        @Override
        void require(RunContext run) {
            List<Candidate> ranked = run.ranked();
            WinnerExport files = run.exporter();
            for (int rank = 1; rank <= run.winnersWanted(); rank++) {
                files.require(rank, ranked.get(rank - 1));
            }
        }
    },

    /** What devices said of exported files, and the report. */
    VERIFICATION {
        @Override
        void require(RunContext run) {
            requireFile(run.folder().verification(), "verify");
        }
    };

    /**
     * @throws InputException if it is not there, naming the stage that leaves it
     */
    abstract void require(RunContext run);

    private static void requireFile(Path file, String stage) {
        if (!Files.exists(file)) {
            throw InputException.in(file, "no such file (expected: after lutra " + stage + ")");
        }
    }
}

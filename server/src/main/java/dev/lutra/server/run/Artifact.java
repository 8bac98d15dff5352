package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.supernet.training.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;

/** What one stage leaves in a run's folder for another. */
enum Artifact {

    /** Shared weights, trained to the last epoch. */
    SUPERNET {
        @Override
        void require(RunContext run) {
            if (run.experiment().accuracyTable().isPresent()) {
                throw new InputException("accuracy.table: an experiment with it has no supernet, whose weights this needs "
                    + "(expected: lutra retrain, which trains winners by themselves)");
            }
            Path file = run.checkpoint();
            if (!Files.exists(file) || !Checkpoint.read(file).isFinished()) {
                throw InputException.in(file, "not a finished training (expected: after lutra train)");
            }
        }
    },

    /** A lookup table a target. */
    TABLES {
        @Override
        void require(RunContext run) {
            run.tables();
        }
    },

    /** The Pareto front. */
    FRONT {
        @Override
        void require(RunContext run) {
            requireFile(run.folder().front(), "search");
        }
    },

    /** The first winners as ONNX. */
    EXPORTS {
        @Override
        void require(RunContext run) {
            for (int rank = 1; rank <= run.winnersWanted(); rank++) {
                requireFile(run.exporter().file(rank), "export");
            }
        }
    },

    /** What devices said of exported files, and the report. */
    VERIFICATION {
        @Override
        void require(RunContext run) {
            requireFile(run.folder().verification(), "verify");
        }
    },

    /** Winners with weights of their own. */
    RETRAINED {
        @Override
        void require(RunContext run) {
            requireFile(run.exporter().retrained(1), "retrain");
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

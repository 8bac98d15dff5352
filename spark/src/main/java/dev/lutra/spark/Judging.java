package dev.lutra.spark;

import dev.lutra.search.AccuracySource.Answer;
import dev.lutra.search.AccuracySource.Stop;
import dev.lutra.server.cluster.Assignment;
import java.io.Serializable;
import java.util.Optional;

/**
 * Judges an architecture.
 *
 * @param supernet name of the file of weights
 * @param least the accuracy that it has to reach to matter
 */
record Judging(Assignment assignment, String supernet, String architecture, double least) implements Work<Judging.Told> {

    private static final long serialVersionUID = 1L;

    /**
     * An answer on its way.
     *
     * @param images of a judgement that was stopped; 0 of a whole one
     */
    record Told(double accuracy, int images, double atMost) implements Serializable {

        private static final long serialVersionUID = 1L;

        static Told of(Answer answer) {
            return new Told(answer.accuracy(), answer.stop().map(Stop::images).orElse(0), answer.stop().map(Stop::atMost).orElse(0.0));
        }

        Answer answer() {
            return new Answer(accuracy, images == 0 ? Optional.empty() : Optional.of(new Stop(images, atMost)));
        }
    }

    @Override
    public Told done() {
        return Told.of(Warm.workplace(assignment, supernet).judge(architecture, least));
    }
}

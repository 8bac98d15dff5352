package dev.lutra.spark;

import dev.lutra.server.cluster.Assignment;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.training.Rounds.Learned;
import dev.lutra.supernet.training.Rounds.Round;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;

/** Has one more learner take a round. */
final class LearningToo implements Function2<Outcome<Learned>, Integer, Outcome<Learned>> {

    private static final long serialVersionUID = 1L;

    private final Assignment assignment;
    private final Round round;
    private final Broadcast<LearnedState> before;

    /** @param before what all begin with */
    LearningToo(Assignment assignment, Round round, Broadcast<LearnedState> before) {
        this.assignment = assignment;
        this.round = round;
        this.before = before;
    }

    @Override
    public Outcome<Learned> call(Outcome<Learned> others, Integer number) {
        return others.wrong() != null
            ? others
            : Outcome.of(() -> others.value().and(Warm.workplace(assignment, "").learn(round, number, before.value())));
    }
}

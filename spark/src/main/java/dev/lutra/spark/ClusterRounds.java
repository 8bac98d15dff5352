package dev.lutra.spark;

import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.ClusterException;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.training.Rounds;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Rounds by jobs that aggregate: weights go out as a broadcast, which machines pass on among themselves, and what was learned comes back summed over a
 * tree of machines.
 */
final class ClusterRounds implements Rounds {

    private static final int DEPTH = 2;

    private final JavaSparkContext spark;
    private final String master;
    private final Assignment assignment;
    private final int learners;

    /** @param learners how many */
    ClusterRounds(JavaSparkContext spark, String master, Assignment assignment, int learners) {
        this.spark = spark;
        this.master = master;
        this.assignment = assignment;
        this.learners = learners;
    }

    @Override
    public Learned take(Round round, LearnedState before) {
        List<Integer> numbers = IntStream.range(0, learners).boxed().toList();
        Broadcast<LearnedState> sent = spark.broadcast(before);
        try {
            return spark.parallelize(numbers, learners).treeAggregate(Learned.nothing(round.steps()),
                new LearningToo(assignment, round, sent), new LearnedTogether(), DEPTH);
        } catch (Exception e) { // Scala's do not say what they throw
            throw new ClusterException(master + ": " + Failure.line(e), e);
        } finally {
            sent.unpersist(false);
        }
    }
}

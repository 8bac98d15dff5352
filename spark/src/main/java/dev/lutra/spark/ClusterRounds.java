package dev.lutra.spark;

import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.ClusterException;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.training.Rounds;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Rounds by jobs that aggregate: weights go out as a broadcast, which machines pass on among themselves, and what was learned comes back summed over a
 * tree of machines.
 */
final class ClusterRounds implements Rounds {

    private static final int DEPTH = 2;
    private static final String JOBS = "lutra-round";

    private final Workers workers;
    private final Assignment assignment;
    private final int learners;

    /** @param learners how many */
    ClusterRounds(Workers workers, Assignment assignment, int learners) {
        this.workers = workers;
        this.assignment = assignment;
        this.learners = learners;
    }

    /**
     * @throws dev.lutra.InputException if something given is wrong
     * @throws ClusterException if a learner fails again and again, or no worker is left
     */
    @Override
    public Learned take(Round round, LearnedState before) {
        JavaSparkContext spark = workers.spark();
        Broadcast<LearnedState> sent = spark.broadcast(before);
        FutureTask<Outcome<Learned>> job = new FutureTask<>(() -> together(round, sent));
        Thread thread = new Thread(job, JOBS); // what aggregates does not come back before it has, and somebody has to look after the workers
        thread.setDaemon(true);
        thread.start();
        try {
            return awaited(job).given();
        } finally {
            if (!spark.sc().isStopped()) { // one that is has neither left, and what is asked of it would hide why it ended
                if (!job.isDone()) {
                    spark.cancelJobGroup(JOBS);
                }
                sent.unpersist(false);
            }
        }
    }

    private Outcome<Learned> together(Round round, Broadcast<LearnedState> sent) {
        JavaSparkContext spark = workers.spark();
        spark.setJobGroup(JOBS, "a round of " + learners + " learners", false);
        return spark.parallelize(IntStream.range(0, learners).boxed().toList(), learners)
            .treeAggregate(new Outcome<>(Learned.nothing(round.steps()), null), new LearningToo(assignment, round, sent), new LearnedTogether(),
                DEPTH);
    }

    private <T> T awaited(Future<T> job) {
        Patience patience = workers.patience();
        while (true) {
            try {
                return job.get(Patience.LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                workers.look(patience);
            } catch (ExecutionException e) {
                throw new ClusterException(workers.master() + ": " + Failure.line(e.getCause()), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while " + workers.master() + " worked");
            }
        }
    }
}

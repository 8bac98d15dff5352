package dev.lutra.server.cluster;

import dev.lutra.InputException;
import dev.lutra.data.ShardWork;
import dev.lutra.search.AccuracySource;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.supernet.training.Rounds;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Machines that a run computes on besides its own. For use by one thread. */
public interface Cluster extends AutoCloseable {

    /** How this program comes to clusters: those that are on the class path. */
    interface Provider {

        /**
         * Looks, without starting anything, whether there is such a cluster, as far as that can be told.
         *
         * @throws InputException if there is none
         */
        void check(Experiment.Spark wanted);

        /**
         * Connects to a cluster and waits until there is a machine in it for this run.
         *
         * @param name what the cluster calls this run
         * @param say told in a line what is waited for
         * @throws InputException if there is no such cluster, or none of its machines takes this run
         */
        Cluster open(Experiment.Spark wanted, String name, Consumer<String> say);
    }

    /**
     * The cluster that an experiment wants.
     *
     * @param name what the cluster calls this run
     * @param say told in a line what is waited for
     * @throws InputException if this program is without what it takes, or there is no such cluster
     */
    static Cluster open(Experiment.Spark wanted, String name, Consumer<String> say) {
        return provider(wanted).open(wanted, name, say);
    }

    /**
     * Looks, before any work, whether an experiment's cluster is there.
     *
     * @throws InputException if this program is without what it takes, or there is no such cluster
     */
    static void check(Experiment.Spark wanted) {
        provider(wanted).check(wanted);
    }

    private static Provider provider(Experiment.Spark wanted) {
        return ServiceLoader.load(Provider.class).findFirst()
            .orElseThrow(() -> new InputException("compute.spark: " + wanted.master() + ", and this program is without Apache Spark (expected: "
                + "started by ./lutra, with --spark or with compute: at the beginning of a line of the experiment; docs/reference/spark.md)"));
    }

    /**
     * Accuracies by shared weights, found on the machines of the cluster. Every one is told once, whatever becomes of machines meanwhile. It
     * throws {@link InputException} if a machine has other images, and {@link ClusterException} if machines fail again and again.
     *
     * @param assignment what the machines open
     * @param supernet file of the weights, which every machine fetches once
     */
    AccuracySource accuracies(Assignment assignment, Path supernet);

    /**
     * Trains networks by themselves, one a task. A machine that takes over the task of another goes on from its last checkpoint. It throws as
     * {@link #accuracies} does.
     *
     * @param supernet its file, where there is one
     * @param meanwhile called now and then on the calling thread
     */
    void train(Assignment assignment, Optional<Path> supernet, List<LoneAssignment> networks, Runnable meanwhile);

    /**
     * Rounds of the supernet's training, a learner a task. What a lost machine was to learn in a round another one learns; weights and momentum
     * come together by sums of sums. It throws as {@link #accuracies} does.
     *
     * @param assignment with what the training follows from, but for what it begins with
     * @param learners how many there are
     */
    Rounds rounds(Assignment assignment, int learners);

    /**
     * Decodes images, a shard a task. It throws as {@link #accuracies} does.
     *
     * @param made told on the calling thread which of the shards is there, by its place among them
     */
    void prepare(List<ShardWork> shards, IntConsumer made);

    /** Leaves the cluster. */
    @Override
    void close();
}

package dev.lutra.spark;

import dev.lutra.server.cluster.ClusterException;
import org.apache.spark.api.java.JavaSparkContext;

/** The machines of a cluster that take part in a run. */
final class Workers {

    private final JavaSparkContext spark;
    private final String master;

    Workers(JavaSparkContext spark, String master) {
        this.spark = spark;
        this.master = master;
    }

    JavaSparkContext spark() {
        return spark;
    }

    String master() {
        return master;
    }

    boolean areThere() {
        int self = Configuration.isInThisProcess(master) ? 0 : 1;
        try {
            return spark.sc().getExecutorMemoryStatus().size() > self;
        } catch (IllegalStateException e) {
            requireGoing(); // Spark does not answer once it has ended
            throw e;
        }
    }

    /** @throws ClusterException if the cluster has ended this run, as it does where nothing starts that is to work for it */
    private void requireGoing() {
        if (spark.sc().isStopped()) {
            throw new ClusterException(master + ": has ended this run (the logs of its master and its workers say why)");
        }
    }

    /** How long their work is waited for, from now on. */
    Patience patience() {
        return new Patience(master, System::nanoTime);
    }

    /**
     * Looks after them while their work is waited for.
     *
     * @throws ClusterException if the cluster has ended this run, or none of them was there for too long
     */
    void look(Patience patience) {
        requireGoing();
        patience.look(areThere());
    }
}

package dev.lutra.spark;

import dev.lutra.server.cluster.Cluster;
import dev.lutra.server.experiment.Experiment;
import java.util.function.Consumer;

/** Clusters of Apache Spark; found as a service. */
public final class SparkProvider implements Cluster.Provider {

    @Override
    public void check(Experiment.Spark wanted) {
        Configuration.requireReachable(wanted.master());
    }

    @Override
    public Cluster open(Experiment.Spark wanted, String name, Consumer<String> say) {
        return SparkCluster.connect(wanted, name, say);
    }
}

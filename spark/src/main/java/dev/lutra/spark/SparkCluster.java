package dev.lutra.spark;

import dev.lutra.InputException;
import dev.lutra.data.ShardWork;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import dev.lutra.search.AccuracySource;
import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.Cluster;
import dev.lutra.server.cluster.LoneAssignment;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.supernet.training.Rounds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** A cluster of Apache Spark, as an application that lasts as long as this is open. */
final class SparkCluster implements Cluster {

    private static final long PATIENCE_SECONDS = 120;
    private static final long LOOKS_A_SECOND = 10;

    private final JavaSparkContext spark;
    private final Workers workers;
    private final Tasks tasks;
    private final Set<String> sent = new HashSet<>();

    private SparkCluster(JavaSparkContext spark, String master) {
        this.spark = spark;
        workers = new Workers(spark, master);
        tasks = new Tasks(workers);
    }

    static SparkCluster connect(Experiment.Spark wanted, String name, Consumer<String> say) {
        Configuration.requireReachable(wanted.master());
        SparkConf conf = Configuration.of(wanted, name);
        JavaSparkContext spark;
        try {
            spark = new JavaSparkContext(conf);
        } catch (Exception e) { // Scala's do not say what they throw
            throw new InputException("compute.spark: " + wanted.master() + ": " + Failure.line(e), e);
        }
        SparkCluster cluster = new SparkCluster(spark, wanted.master());
        try {
            cluster.awaitExecutor(wanted.master(), say);
            return cluster;
        } catch (RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    private void awaitExecutor(String master, Consumer<String> say) {
        for (long look = 0; !workers.areThere(); look++) {
            if (look == LOOKS_A_SECOND) {
                say.accept("spark: waiting for a worker of " + master);
            }
            if (look > PATIENCE_SECONDS * LOOKS_A_SECOND) {
                throw new InputException("compute.spark: " + master + ": no worker has taken this run within " + PATIENCE_SECONDS
                    + " s (expected: one with a core and " + spark.getConf().get("spark.executor.memory", "1g") + " of memory that are free)");
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(1000 / LOOKS_A_SECOND);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InputException("interrupted while a worker was waited for", e);
        }
    }

    @Override
    public AccuracySource accuracies(Assignment assignment, Path supernet) {
        return new ClusterAccuracies(tasks, assignment, sent(supernet));
    }

    @Override
    public void train(Assignment assignment, Optional<Path> supernet, List<LoneAssignment> networks, Runnable meanwhile) {
        String weights = supernet.map(this::sent).orElse("");
        tasks.run(networks.stream().map(network -> new Training(assignment, weights, network)).toList(), (number, done) -> meanwhile.run(),
            meanwhile);
    }

    @Override
    public Rounds rounds(Assignment assignment, int learners) {
        return new ClusterRounds(workers, assignment, learners);
    }

    @Override
    public void prepare(List<ShardWork> shards, IntConsumer made) {
        tasks.run(shards.stream().map(Preparing::new).toList(), (number, done) -> made.accept(number), () -> {});
    }

    /** Makes a file one that every executor fetches once, and gives its name there, which follows from its content. */
    private String sent(Path file) {
        String name = Sha256.ofFile(file);
        if (sent.add(name)) {
            try {
                Path folder = Files.createTempDirectory("lutra-spark");
                Path named = folder.resolve(name);
                link(file, named);
                spark.addFile(named.toString());
                folder.toFile().deleteOnExit();
                named.toFile().deleteOnExit();
            } catch (IOException e) {
                throw new UncheckedIOException(file + ": cannot be sent: " + FileTrouble.reason(file, e), e);
            }
        }
        return name;
    }

    private static void link(Path file, Path named) throws IOException {
        try {
            Files.createLink(named, file);
        } catch (IOException | UnsupportedOperationException e) { // on another disk
            Files.copy(file, named);
        }
    }

    @Override
    public void close() {
        spark.stop();
    }
}

package dev.lutra.spark;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** How Spark is told what a run needs of it; whatever an experiment, a property or {@code spark-submit} says otherwise holds. */
final class Configuration {

    /** Where the launcher has the one jar that executors need. */
    private static final String JAR = "lutra.spark.jar";
    private static final String JARS = "spark.jars";
    private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";
    /** Evaluators and trainings take a thread a task; nothing is fetched or reported. */
    private static final String OPTIONS = "-Dai.djl.offline=true -DOPT_OUT_TRACKING=true -XX:+UseSerialGC -Dai.djl.pytorch.num_threads=";
    /** How memory is allocated, and threads of PyTorch wait: executors do as the launcher has this process do. */
    private static final List<String> ENVIRONMENT = List.of("MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_ARENA_MAX",
        "GLIBC_TUNABLES", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY");
    private static final Pattern STANDALONE = Pattern.compile("spark://(.+)");
    private static final Pattern ADDRESS = Pattern.compile("(.+):(\\d{1,5})");
    private static final int PATIENCE_MILLIS = 10_000;
    private static final String SECRET = "spark.authenticate.secret";
    private static final String SECRET_FILE = "spark.authenticate.secret.file";
    private static final int MOST_SECRET_BYTES = 4096;

    private Configuration() {}

    /**
     * @throws InputException if what executors need is not there, or a secret cannot be read
     */
    static SparkConf of(Experiment.Spark wanted, String name) {
        SparkConf conf = new SparkConf().setMaster(wanted.master()).setAppName("lutra " + name);
        wanted.settings().forEach(conf::set);
        conf.setIfMissing("spark.ui.enabled", "false");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        conf.setIfMissing("spark.locality.wait", "0"); // no data lies anywhere
        conf.set(EXECUTOR_OPTIONS, OPTIONS + conf.getInt("spark.task.cpus", 1) + " " + conf.get(EXECUTOR_OPTIONS, ""));
        ENVIRONMENT.forEach(variable -> Optional.ofNullable(System.getenv(variable))
            .ifPresent(value -> conf.setIfMissing("spark.executorEnv." + variable, value)));
        if (!isInThisProcess(wanted.master()) && !conf.contains(JARS)) {
            conf.set(JARS, jar().toUri().toString());
        }
        readSecret(conf);
        return conf;
    }

    /** Spark reads the file for Kubernetes alone; elsewhere it wants the secret itself, which all users of a machine see on a command line. */
    private static void readSecret(SparkConf conf) {
        if (conf.contains(SECRET_FILE) && !conf.contains(SECRET) && !conf.get("spark.master").startsWith("k8s:")) {
            conf.set(SECRET, InputFile.text(Path.of(conf.get(SECRET_FILE)), MOST_SECRET_BYTES).strip());
        }
    }

    static boolean isInThisProcess(String master) {
        return master.startsWith("local") && !master.startsWith("local-cluster");
    }

    private static Path jar() {
        Path jar = Path.of(System.getProperty(JAR, "lutra-spark-all.jar")).toAbsolutePath();
        if (!Files.isRegularFile(jar)) {
            throw InputException.in(jar, "not there (expected: what executors need, by ./lutra, or by spark-submit, or as " + JARS + ")");
        }
        return jar;
    }

    /**
     * Looks for the master of a standalone cluster, which Spark itself would try for a minute and more.
     *
     * @throws InputException if nobody listens there
     */
    static void requireReachable(String master) {
        Matcher standalone = STANDALONE.matcher(master);
        if (!standalone.matches()) {
            return;
        }
        List<String> problems = new ArrayList<>();
        for (String address : standalone.group(1).split(",")) {
            Matcher parts = ADDRESS.matcher(address);
            if (!parts.matches() || Integer.parseInt(parts.group(2)) > 0xFFFF) {
                throw new InputException("compute.spark: " + master + " (expected: spark://HOST:PORT)");
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(parts.group(1), Integer.parseInt(parts.group(2))), PATIENCE_MILLIS);
                return;
            } catch (IOException e) {
                problems.add(e.getMessage());
            }
        }
        throw new InputException("compute.spark: " + master + ": cannot be reached: " + String.join(", ", problems)
            + " (expected: a master of Spark that runs)");
    }
}

package dev.lutra.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.server.experiment.Experiment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {

    @Test
    void whatTheExperimentSaysHolds() {
        SparkConf conf = Configuration.of(new Experiment.Spark("local[2]", new TreeMap<>(Map.of("spark.task.cpus", "2", "spark.ui.enabled", "true",
            "spark.executor.extraJavaOptions", "-Xss4m"))), "job");
        assertThat(conf.get("spark.master")).isEqualTo("local[2]");
        assertThat(conf.get("spark.ui.enabled")).isEqualTo("true");
        assertThat(conf.get("spark.executor.extraJavaOptions")).contains("-Dai.djl.pytorch.num_threads=2 ").endsWith(" -Xss4m");
        assertThat(conf.contains("spark.jars")).as("this process has them").isFalse();
    }

    @Test
    void aSecretComesFromItsFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("secret"), "sesame\n");
        TreeMap<String, String> settings = new TreeMap<>(Map.of("spark.authenticate.secret.file", file.toString()));
        assertThat(Configuration.of(new Experiment.Spark("local[2]", settings), "job").get("spark.authenticate.secret")).isEqualTo("sesame");
        settings.put("spark.authenticate.secret", "given");
        assertThat(Configuration.of(new Experiment.Spark("local[2]", settings), "job").get("spark.authenticate.secret")).isEqualTo("given");
        Experiment.Spark gone = new Experiment.Spark("local[2]", new TreeMap<>(Map.of("spark.authenticate.secret.file", file + "x")));
        assertThatThrownBy(() -> Configuration.of(gone, "job")).isInstanceOf(InputException.class).hasMessageStartingWith(file + "x: ");
    }

    @Test
    void executorsNeedTheJar() {
        assertThatThrownBy(() -> Configuration.of(Experiment.Spark.of("spark://host:7077"), "job")).isInstanceOf(InputException.class)
            .hasMessageContaining("lutra-spark-all.jar: not there (expected: ");
    }

    @Test
    void aMasterHasToListen() throws IOException {
        int port;
        try (ServerSocket master = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = master.getLocalPort();
            Configuration.requireReachable("spark://127.0.0.1:1,127.0.0.1:" + port);
        }
        String gone = "spark://127.0.0.1:" + port;
        assertThatThrownBy(() -> Configuration.requireReachable(gone)).isInstanceOf(InputException.class)
            .hasMessage("compute.spark: " + gone + ": cannot be reached: Connection refused (expected: a master of Spark that runs)");
        assertThatThrownBy(() -> Configuration.requireReachable("spark://host")).hasMessage(
            "compute.spark: spark://host (expected: spark://HOST:PORT)");
        Configuration.requireReachable("yarn");
    }
}

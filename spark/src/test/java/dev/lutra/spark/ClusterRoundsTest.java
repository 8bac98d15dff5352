package dev.lutra.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.Cluster;
import dev.lutra.server.cluster.ClusterException;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.supernet.LearnedState;
import dev.lutra.supernet.training.Rounds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterRoundsTest {

    private static final String MASTER = "local[2]";

    @TempDir
    private Path folder;

    /** Has two learners take a round of a training that follows from other values than the experiment's. */
    static final class Round {

        private Round() {}

        public static void main(String[] arguments) {
            Path file = Path.of(arguments[0]);
            Assignment other = Assignment.of(ExperimentFile.read(file), file.resolveSibling("cache"),
                NamedValues.builder().put("data.train", "other images").build());
            try (Cluster cluster = new SparkProvider().open(Experiment.Spark.of(MASTER), "round", System.out::println)) {
                cluster.rounds(other, 2).take(new Rounds.Round(0, 0, 1, List.of()), new LearnedState(new TreeMap<>()));
            } catch (InputException | ClusterException e) {
                System.out.println(e);
            }
        }
    }

    /** Spark looks into what Java hides, so it has a process of its own. */
    @Test
    void whatIsWrongForALearnerIsWrongInput() throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), """
            name: job
            space: shufflenetv2-cifar
            data: {train: "synthetic:2x16"}
            supernet: {epochs: 1, batch: 8, data-parallel: {workers: 2}}
            """);
        Path said = folder.resolve("said");
        ProcessBuilder java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "@" + Path.of("src/main/sh/jvm-options").toAbsolutePath(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", Round.class.getName(),
            file.toString()).redirectErrorStream(true).redirectOutput(said.toFile());
        java.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        java.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        int status = java.start().waitFor();
        String text = Files.readString(said);
        assertThat(status).as(text).isZero();
        assertThat(text.lines().filter(line -> line.startsWith("dev.lutra."))).as(text).singleElement().asString()
            .matches("dev\\.lutra\\.InputException: worker \\S+: " + file + ": where the run is, trained by .*");
    }
}

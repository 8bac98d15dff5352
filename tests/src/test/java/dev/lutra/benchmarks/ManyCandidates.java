package dev.lutra.benchmarks;

import dev.lutra.server.access.OneToken;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.server.web.ViewRoutes;
import dev.lutra.server.web.WebServer;
import dev.lutra.space.GeneSpace;
import java.io.BufferedWriter;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/**
 * Serves the page of a run that has told of so many candidates, until its input ends. The candidates are drawn, as for the page only their
 * number matters; the space, the folder, the server and the page are the real ones.
 */
final class ManyCandidates {

    private static final String EXPERIMENT = """
        name: many
        space: spos-shufflenetv2
        data: {train: "synthetic:10x10", test: "synthetic:10x10"}
        targets: [{device: box, latency: {p50: 9 ms}}]
        """;

    private ManyCandidates() {}

    /** @param arguments a folder, and how many candidates */
    public static void main(String[] arguments) throws Exception {
        RunFolder folder = new RunFolder(Path.of(arguments[0]));
        Files.createDirectories(folder.root());
        Experiment experiment = ExperimentFile.read(new Experiment.Text(folder.root().resolve("many.yaml").toAbsolutePath(), EXPERIMENT));
        StoredExperiment.write(experiment, folder);
        write(folder, experiment.genes(), Integer.parseInt(arguments[1]));
        OneToken token = OneToken.make();
        try (WebServer server = WebServer.show(token, new ViewRoutes(name -> folder))) {
            System.out.println(server.address() + "/runs/many#token=" + token.token());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    /** Slower networks are a little better, as they are. */
    private static void write(RunFolder folder, GeneSpace space, int count) throws Exception {
        Random random = new Random(1);
        try (BufferedWriter lines = Files.newBufferedWriter(folder.metrics())) {
            for (int number = 1; number <= count; number++) {
                String architecture = space.random(random).toString();
                double slow = random.nextDouble();
                double accuracy = 0.6 + 0.15 * Math.sqrt(slow) - 0.05 * Math.abs(random.nextGaussian());
                lines.write(String.format(Locale.ROOT, "{\"event\":\"candidate-evaluated\",\"key\":\"search/candidate/%1$s\","
                    + "\"at\":\"2026-01-01T00:00:00Z\",\"life\":1,\"number\":%2$d,\"budget\":%3$d,\"architecture\":\"%1$s\",\"measures\":{"
                    + "\"accuracy\":%4$.6f,\"latency:box\":%5$.1f,\"macs\":%6$d,\"params\":%7$d,\"score\":%8$.4f},\"over\":false}%n",
                    architecture, number, count, accuracy, 5e6 + 5e6 * slow + 1e5 * random.nextGaussian(),
                    200_000_000 + (long) (150e6 * slow), 2_000_000 + random.nextInt(2_000_000), 1 + slow));
            }
        }
    }
}

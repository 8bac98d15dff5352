package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * The whole job at small scale: its experiment file, and what has to be there when it is done.
 *
 * @param folder for the file and its runs
 */
record SmallJob(Path folder) {

    static final Duration PATIENCE = Duration.ofMinutes(5);
    static final int TOP = 3;
    static final String SYNTHETIC = "{train: \"synthetic:4x80\", test: \"synthetic:4x20\"}";
    /** On a busy machine the time limit ends what would be measured again and again until it is calm. */
    static final String PROFILE = "profile: {calibrate: 3, held-out: 2, half-width: 0.5, rounds: 2, slice: 20 ms, "
        + "time-limit: 200 ms}";
    /** What is measured anew may differ by more than a table expects; what is done about that is another test's. */
    static final String LOCAL = "targets: [{device: local}]\nverify: {repairs: 0}\n" + PROFILE;

    /** All kinds of blocks and strides of the built-in space for such images, in less time. */
    private static final String SPACE = """
        name: small
        title: shufflenetv2-cifar, half as deep and a third as wide
        source: This test
        input: {channels: 3, size: 32}
        classes: 4
        batch-norm: {learned-in-supernet: false}
        choices:
          k3: {block: shuffle, kernel: 3}
          k5: {block: shuffle, kernel: 5}
          k7: {block: shuffle, kernel: 7}
          xception: {block: shuffle-xception}
        layers:
          - {name: stem, block: conv, kernel: 3, channels: 8}
          - {choices: [k3, k5, k7, xception], channels: 16, repeat: 2, stride: 2}
          - {choices: [k3, k5, k7, xception], channels: 32, repeat: 2, stride: 2}
          - {choices: [k3, k5, k7, xception], channels: 64, repeat: 2, stride: 2}
          - {name: last, block: conv, kernel: 1, channels: 128}
          - {block: global-pool}
          - {name: classifier, block: linear, bias: false}
        """;
    private static final JsonMapper JSON = new JsonMapper();

    /** An experiment on the job's space, whose folder has its file; all but its name and its space is up to who asks. */
    Path onSpace(String name, String all) throws IOException {
        Files.writeString(folder.resolve("small.yaml"), SPACE);
        return Files.writeString(folder.resolve(name + ".yaml"), "name: " + name + "\nspace: small.yaml\n" + all);
    }

    Path experiment(String name, String data, String more) throws IOException {
        return onSpace(name, """
            data: %s
            supernet: {epochs: 4, batch: 32}
            evaluation: {recalibration-images: 64, validation-images: 40, evaluators: 8}
            objectives: [accuracy, latency, params]
            search: {population: 12, generations: 3}
            export: {top: %d}
            %s
            """.formatted(data, TOP, more));
    }

    void assertComplete(String name) throws IOException {
        Path run = run(name);
        int front = Files.readAllLines(run.resolve("front.csv")).size() - 1;
        assertThat(JSON.readTree(run.resolve("front.json").toFile()).path("candidates")).hasSize(front).isNotEmpty();
        JsonNode winners = JSON.readTree(run.resolve("verification.json").toFile());
        assertThat(winners).hasSize(Math.min(TOP, front)).allSatisfy(winner -> {
            assertThat(winner.path("verified").asBoolean()).as("%s", winner).isTrue();
            assertThat(winner.path("devices")).isNotEmpty().allMatch(device -> device.path("numericsAgree").asBoolean());
            assertThat(run.resolve("export").resolve(winner.path("file").asText())).exists();
        });
        String report = Files.readString(run.resolve("report.html"));
        assertThat(report).contains("\\u003csvg").doesNotContainPattern("(src|href|action)\\s*=\\s*[\"']?(https?:)?//").doesNotContain("url(http")
            .contains(winners.size() + " of " + winners.size() + " files confirmed on their devices");
        assertThat(winners).allSatisfy(winner -> assertThat(report).contains(winner.path("file").asText(),
            winner.path("arch").asText()));
        assertThat(Files.readString(run.resolve("front.svg")).split("<ellipse")).as("whatever was evaluated, the front, the winners")
            .hasSizeGreaterThan(2 * front + winners.size());
        try (Stream<Path> files = Files.walk(run)) {
            assertThat(files.filter(file -> file.toString().endsWith(".tmp"))).isEmpty();
        }
    }

    Path run(String name) {
        return folder.resolve("runs").resolve(name);
    }
}

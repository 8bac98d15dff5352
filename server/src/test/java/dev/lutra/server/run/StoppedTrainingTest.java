package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.cli.Main;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A training that is told to end by a signal, as a rented machine is before it is taken away, and goes on elsewhere. */
@Tag("slow")
@DisabledOnOs(OS.WINDOWS)
class StoppedTrainingTest {

    private static final int TERMINATED = 128 + 15;

    @TempDir
    private Path folder;

    /** Pictures of noise, the same in every folder. */
    private static void prepare(Path job) throws IOException {
        Random random = new Random(1);
        for (int label = 0; label < 4; label++) {
            Path images = Files.createDirectories(job.resolve("images").resolve("class" + label));
            for (int i = 0; i < 100; i++) {
                BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
                for (int pixel = 0; pixel < 64; pixel++) {
                    image.setRGB(pixel % 8, pixel / 8, random.nextInt(0xffffff));
                }
                ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
            }
        }
        NineNetworks.write(job);
        Files.writeString(job.resolve("job.yaml"), """
            name: job
            space: nine.yaml
            data: {train: images}
            supernet: {epochs: 25, batch: 4}
            """);
    }

    private static Process train(Path job) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
            "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp", classPath(), Main.class.getName(), "train",
            "job.yaml").directory(job.toFile()).redirectErrorStream(true);
        // decoded images lie somewhere else there, too
        builder.environment().put("XDG_CACHE_HOME", job.resolve("cache").toString());
        return builder.start();
    }

    /** Of this process, as seen from another folder. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)).map(entry -> Path.of(entry).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));
    }

    private static List<String> toTheEnd(Process process, int code) throws Exception {
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isEqualTo(code);
        return lines;
    }

    @Test
    void aSignalKeepsWhereTrainingStandsAndItGoesOnUnderAnotherPath() throws Exception {
        Path unbroken = Files.createDirectory(folder.resolve("unbroken"));
        Path first = Files.createDirectory(folder.resolve("first"));
        prepare(unbroken);
        prepare(first);
        toTheEnd(train(unbroken), 0);

        Process stopped = train(first);
        List<String> lines = new ArrayList<>();
        BufferedReader reader = stopped.inputReader();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            lines.add(line);
            if (line.matches("train: [1-9][0-9,]* of .*") && lines.stream().noneMatch("signal"::equals)) {
                stopped.toHandle().destroy(); // SIGTERM, and what it says can still be read
                lines.add("signal");
            }
        }
        assertThat(stopped.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(stopped.exitValue()).as("%s", lines).isEqualTo(TERMINATED);
        assertThat(lines).contains("train: told to end, keeps where it stands; the same command goes on from there");

        Path second = Files.move(first, folder.resolve("second"));
        toTheEnd(train(second), 0);
        assertThat(Files.mismatch(unbroken.resolve("runs/job/supernet.safetensors"), second.resolve("runs/job/supernet.safetensors")))
            .as("first byte that differs").isEqualTo(-1);
    }
}

package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that trains and tells its steps, to be killed in the middle of them. */
final class KilledProcess {

    private KilledProcess() {}

    /** What the process does after every step. */
    static void tell(TrainingListener.Progress progress) {
        System.out.println("step " + progress.step());
        System.out.flush();
    }

    /**
     * Starts a class in a process of its own, which computes with one thread, and kills it after a step.
     *
     * @param victim has a {@code main} that calls {@link #tell}
     * @param arguments of it, of which the first is a folder
     */
    static void afterStep(int step, Class<?> victim, Path... arguments) throws IOException, InterruptedException {
        Path errors = arguments[0].resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
            "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dai.djl.pytorch.num_threads=1", "-DOPT_OUT_TRACKING=true", "-cp",
            System.getProperty("java.class.path"), victim.getName());
        for (Path argument : arguments) {
            builder.command().add(argument.toString());
        }
        Process process = builder.redirectError(errors.toFile()).start();
        try (BufferedReader output = process.inputReader()) {
            String line = output.readLine();
            while (line != null && !line.equals("step " + step)) {
                line = output.readLine();
            }
            String said = line == null ? Files.readString(errors) : "";
            assertThat(line).as(said).isNotNull();
            process.destroyForcibly().waitFor();
        }
        assertThat(process.exitValue()).isEqualTo(128 + 9);
    }
}

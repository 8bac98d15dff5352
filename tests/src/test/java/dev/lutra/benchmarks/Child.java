package dev.lutra.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A program of this class path in a process of its own, whose standard input is open as long as this process lives. */
final class Child {

    /** Of the kernel's clock of processes, USER_HZ. */
    private static final double TICKS = 100;

    private final Process process;
    private final BufferedReader lines;

    Child(Path log, String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC", "-Xshare:auto", "-cp", System.getProperty("java.class.path"), program));
        command.addAll(Arrays.asList(arguments));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** What it says next on its standard output. */
    String line() throws IOException {
        String line = lines.readLine();
        if (line == null) {
            throw new IllegalStateException("a program has ended: " + process.info().commandLine().orElse("?"));
        }
        return line;
    }

    /** Passes over what else it says. */
    void expect(String line) throws IOException {
        while (!line().equals(line)) {
            // its log
        }
    }

    /** Of the whole process, user and system together. */
    double cpuSeconds() {
        String stat = proc("stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }

    double peakMebibytes() {
        return proc("status").lines().filter(line -> line.startsWith("VmHWM:"))
            .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024).sum();
    }

    private String proc(String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As by {@code kill -9}; returns when it is gone. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }
}

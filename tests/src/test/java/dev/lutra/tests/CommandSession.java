package dev.lutra.tests;

import dev.lutra.server.cli.Main;
import java.io.BufferedReader;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Commands of the command line, one after the other in one process that works in a folder of its own; each by itself would take a second to start. */
final class CommandSession implements AutoCloseable {

    private static final String SEPARATOR = "\u001f";
    private static final String END = "\u0004";
    private static final String ERRORS = "session-errors";

    private final Path folder;
    private final Process process;
    private final BufferedReader answers;

    private CommandSession(Path folder, Process process) {
        this.folder = folder;
        this.process = process;
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static CommandSession start(Path folder) throws IOException {
        Path agent = LutraProcess.CHECKOUT.resolve("agent/target/lutra-agent-0.1.0.jar");
        return new CommandSession(folder, java(folder, List.of("-Dlutra.agent.jar=" + agent), CommandSession.class.getName(), List.of())
            .redirectError(folder.resolve(ERRORS).toFile()).start());
    }

    /** A Java process with this one's class path, which works in a folder and keeps its state there. */
    static ProcessBuilder java(Path folder, List<String> flags, String main, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-Xmx1g", "-Dai.djl.offline=true", "-Dai.djl.pytorch.num_threads=1"));
        command.addAll(flags);
        command.add(main);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        // by the environment: as an argument a class path of this length is more than some native libraries take
        builder.environment().put("CLASSPATH", Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toAbsolutePath().toString()).collect(Collectors.joining(File.pathSeparator)));
        for (String base : List.of("STATE", "CACHE", "CONFIG")) {
            builder.environment().put("XDG_" + base + "_HOME", folder.resolve("xdg").toString());
        }
        return builder;
    }

    /** Runs a command; {@code < FILE} at its end is its standard input. */
    LutraProcess.Result run(List<String> words) throws IOException {
        long before = Files.size(folder.resolve(ERRORS));
        process.getOutputStream().write((String.join(SEPARATOR, words) + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        StringBuilder output = new StringBuilder();
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(END)) {
                return new LutraProcess.Result(Integer.parseInt(line.substring(1)), output.toString(), errors(before));
            }
            output.append(line).append('\n');
        }
        throw new AssertionError("the session ended over " + words + ": " + errors(before));
    }

    private List<String> errors(long from) throws IOException {
        byte[] all = Files.readAllBytes(folder.resolve(ERRORS));
        return new String(all, (int) from, all.length - (int) from, StandardCharsets.UTF_8).lines().toList();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    /** The process itself. */
    public static void main(String[] none) throws IOException {
        PrintStream out = System.out;
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            List<String> words = Arrays.asList(line.split(SEPARATOR));
            int input = words.indexOf("<");
            System.setIn(input < 0 ? InputStream.nullInputStream() : open(Path.of(words.get(input + 1))));
            int code = Main.run(words.subList(0, input < 0 ? words.size() : input).toArray(String[]::new));
            out.println(END + code);
            out.flush();
        }
    }

    private static InputStream open(Path file) {
        try {
            return new FileInputStream(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

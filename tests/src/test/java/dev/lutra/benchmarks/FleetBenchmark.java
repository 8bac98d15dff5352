package dev.lutra.benchmarks;

import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One server, as {@code lutra serve} runs it, and many {@link SimulatedAgents}. A task counts when its result is acknowledged, which a
 * server does once that is on the disk; every task has to be acknowledged to one agent once, and to be there when the server is asked.
 */
public final class FleetBenchmark {

    /**
     * How large.
     *
     * @param agents in all
     * @param processes that they share
     * @param tasks through all agents, as fast as it goes
     * @param idle how many agents wait beside one that works, one measurement each, the first with those of the other measurements
     * @param alone tasks of that one
     * @param rate tasks a second of which the dispatch is timed
     * @param seconds for so long
     * @param rounds of tasks of two seconds, one a round and agent
     */
    public record Size(int agents, int processes, int tasks, List<Integer> idle, int alone, int rate, int seconds, int rounds) {

        static final Size SMALL = new Size(40, 1, 800, List.of(39), 200, 50, 3, 1);
        static final Size LARGE = new Size(1000, 8, 100_000, List.of(999, 0, 100), 5000, 500, 30, 25);
    }

    /** A measurement's name with its figures by name. */
    public record Figures(String what, Map<String, Double> values) {}

    private static final int HOLD_MILLIS = 2000;
    /** Tasks asked after in a call. */
    private static final int BLOCK = 5000;
    private static final Duration WAIT = Duration.ofSeconds(10);
    /** An ONNX file that holds an empty graph. */
    private static final byte[] EMPTY_MODEL = {0x3a, 0};
    private static final double NANOS = 1e9;
    /** Of the kernel's clock of processes, USER_HZ. */
    private static final double TICKS = 100;

    private final Path folder;
    private final Size size;
    private final List<Figures> figures = new ArrayList<>();
    private int measurements;

    private FleetBenchmark(Path folder, Size size) {
        this.folder = folder;
        this.size = size;
    }

    /** {@code FOLDER small|large}; prints a line a measurement. */
    public static void main(String[] args) throws IOException {
        measure(Path.of(args[0]), args[1].equals("large") ? Size.LARGE : Size.SMALL).forEach(figures -> System.out.println(figures.what()
            + figures.values().entrySet().stream().map(value -> String.format(Locale.ROOT, "  %s %.3f", value.getKey(), value.getValue()))
                .collect(Collectors.joining())));
        System.exit(0);
    }

    /** @throws IllegalStateException if a task was lost, or done twice */
    static List<Figures> measure(Path folder, Size size) throws IOException {
        FleetBenchmark benchmark = new FleetBenchmark(folder, size);
        benchmark.withAgents(size.agents(), benchmark::all);
        for (int idle : size.idle().subList(1, size.idle().size())) {
            benchmark.withAgents(1 + idle, fleet -> benchmark.besideIdle(fleet, idle));
        }
        return benchmark.figures;
    }

    private interface Measurement {
        void take(Fleet fleet) throws IOException;
    }

    /** A server and its agents, all in processes of their own. */
    private record Fleet(Child server, List<Child> agents, RemoteFleet access, String model) {}

    private void withAgents(int agents, Measurement measurement) throws IOException {
        Path data = Files.createDirectories(folder.resolve("fleet" + measurements++));
        List<Child> children = new ArrayList<>();
        try {
            Child server = new Child(data.resolve("server.log"), "dev.lutra.server.cli.Main", "serve", "--json", "--listen", "127.0.0.1:0",
                "--http", "127.0.0.1:0", "--tls", "--data", data.resolve("data").toString());
            children.add(server);
            server.line(); // it listens by now
            ServerAddress address = new ServerFolder(data.resolve("data")).server();
            String token = Files.readString(data.resolve("data/token")).strip();
            int processes = Math.min(size.processes(), agents);
            for (int i = 0; i < processes; i++) {
                int first = agents * i / processes;
                children.add(new Child(data.resolve("agents" + i + ".log"), SimulatedAgents.class.getName(), address.toString(), token,
                    Integer.toString(first), Integer.toString(agents * (i + 1) / processes - first)));
            }
            List<Child> agentProcesses = children.subList(1, children.size());
            for (Child child : agentProcesses) {
                child.expect("joined");
            }
            try (RemoteFleet access = RemoteFleet.connect(address, token)) {
                measurement.take(new Fleet(server, agentProcesses, access, access.putModel(EMPTY_MODEL)));
            }
        } finally {
            children.forEach(Child::close);
        }
    }

    private void all(Fleet fleet) throws IOException {
        submitAndAwait(fleet, "warm", size.tasks() / 10, task -> "agent" + task % size.agents(), 0);
        written(fleet);
        through(fleet, "empty tasks, all agents", size.tasks(), task -> "agent" + task % size.agents(), 0);
        dispatch(fleet);
        through(fleet, "tasks of 2 s, all agents", size.rounds() * size.agents(), task -> "agent" + task % size.agents(), HOLD_MILLIS);
        besideIdle(fleet, size.idle().get(0));
    }

    private void besideIdle(Fleet fleet, int idle) throws IOException {
        submitAndAwait(fleet, "warm alone", size.alone() / 2, task -> "agent0", 0);
        written(fleet);
        through(fleet, "empty tasks, one agent beside " + idle + " idle", size.alone(), task -> "agent0", 0);
    }

    private void through(Fleet fleet, String what, int tasks, IntFunction<String> device, int holdMillis) throws IOException {
        double cpu = fleet.server().cpuSeconds();
        long begin = System.nanoTime();
        Set<String> ids = submitAndAwait(fleet, what, tasks, device, holdMillis);
        double seconds = (System.nanoTime() - begin) / NANOS;
        cpu = fleet.server().cpuSeconds() - cpu;
        checkEachOnce(written(fleet), ids);
        Map<String, Double> values = figures(what);
        values.put("tasks/s", tasks / seconds);
        values.put("CPU ms/task", 1e3 * cpu / tasks);
        values.put("server MiB", fleet.server().peakMebibytes());
        if (holdMillis > 0) {
            values.put("of what is possible", tasks / seconds / (size.agents() * 1e3 / holdMillis));
        }
    }

    /** Tasks come one by one at a set rate, each for another agent; a latency counts from when its task was due. */
    private void dispatch(Fleet fleet) throws IOException {
        double cpu = fleet.server().cpuSeconds();
        int tasks = size.rate() * size.seconds();
        Set<String> ids = new LinkedHashSet<>();
        long begin = System.nanoTime();
        for (int i = 0; i < tasks; i++) {
            long due = begin + (long) (NANOS * i / size.rate());
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                java.util.concurrent.locks.LockSupport.parkNanos(left);
            }
            Task task = task(fleet, "dispatch" + i, due, 0);
            fleet.access().submit("agent" + i * 7919L % size.agents(), List.of(task));
            ids.add(task.getId());
        }
        await(fleet, ids);
        cpu = fleet.server().cpuSeconds() - cpu;
        List<String> lines = written(fleet);
        checkEachOnce(lines, ids);
        long[] latencies = lines.stream().mapToLong(line -> Long.parseLong(line.split(" ")[1])).sorted().toArray();
        Map<String, Double> values = figures("dispatch at " + size.rate() + "/s");
        values.put("p50 ms", latencies[latencies.length / 2] / 1e6);
        values.put("p99 ms", latencies[(int) (latencies.length * 0.99)] / 1e6);
        values.put("CPU ms/task", 1e3 * cpu / tasks);
    }

    private Map<String, Double> figures(String what) {
        Map<String, Double> values = new TreeMap<>();
        figures.add(new Figures(what, values));
        return values;
    }

    private static Task task(Fleet fleet, String id, long dueNanos, int holdMillis) {
        return Task.newBuilder().setId(id).setModelSha256(fleet.model()).setProvider("cpu").setThreads(1).setLabel(dueNanos + " " + holdMillis)
            .build();
    }

    private Set<String> submitAndAwait(Fleet fleet, String what, int tasks, IntFunction<String> device, int holdMillis) {
        Map<String, List<Task>> byDevice = IntStream.range(0, tasks).boxed().collect(Collectors.groupingBy(device::apply, TreeMap::new,
            Collectors.mapping(i -> task(fleet, what + "/" + i, System.nanoTime(), holdMillis), Collectors.toList())));
        byDevice.forEach(fleet.access()::submit);
        Set<String> ids = byDevice.values().stream().flatMap(List::stream).map(Task::getId).collect(Collectors.toCollection(LinkedHashSet::new));
        await(fleet, ids);
        return ids;
    }

    /** Until the server has an outcome of every task. */
    private static void await(Fleet fleet, Set<String> ids) {
        List<String> all = List.copyOf(ids);
        for (int begin = 0; begin < all.size(); begin += BLOCK) {
            List<String> block = all.subList(begin, Math.min(begin + BLOCK, all.size()));
            Set<String> done = new HashSet<>();
            while (done.size() < block.size()) {
                // for all of the block, so that looking on is no work for the server
                fleet.access().outcomes(block, block.size() - 1, WAIT).stream().map(TaskOutcome::getTaskId).forEach(done::add);
            }
        }
    }

    /** Everything that was acknowledged to agents since the last time. */
    private List<String> written(Fleet fleet) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Child agents : fleet.agents()) {
            Path file = folder.resolve("acknowledged");
            agents.say(file.toString());
            agents.expect("written");
            lines.addAll(Files.readAllLines(file));
        }
        return lines;
    }

    private static void checkEachOnce(List<String> lines, Set<String> ids) {
        List<String> done = lines.stream().map(line -> line.substring(0, line.lastIndexOf(' '))).toList();
        Set<String> lost = new HashSet<>(ids);
        lost.removeAll(done);
        if (!lost.isEmpty() || done.size() != ids.size()) {
            throw new IllegalStateException(lost.size() + " of " + ids.size() + " tasks lost, " + (done.size() - ids.size() + lost.size())
                + " counted twice");
        }
    }

    /** A program of this class path that ends with this one. */
    private static final class Child {

        private final Process process;
        private final BufferedReader lines;

        Child(Path log, String program, String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), program));
            command.addAll(Arrays.asList(arguments));
            process = new ProcessBuilder(command).redirectError(log.toFile()).start();
            lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        }

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

        void say(String line) throws IOException {
            OutputStream in = process.getOutputStream();
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
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

        void close() {
            process.destroyForcibly();
        }
    }
}

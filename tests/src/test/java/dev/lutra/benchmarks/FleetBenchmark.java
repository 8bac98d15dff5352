package dev.lutra.benchmarks;

import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.IOException;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
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

        /** {@code small}, {@code large}, or all numbers in their order, {@code idle} with commas. */
        static Size of(List<String> arguments) {
            if (arguments.size() == 1) {
                return arguments.get(0).equals("large") ? LARGE : SMALL;
            }
            List<List<Integer>> numbers = arguments.stream()
                .map(argument -> Arrays.stream(argument.split(",")).map(Integer::valueOf).toList()).toList();
            IntUnaryOperator number = i -> numbers.get(i).get(0);
            return new Size(number.applyAsInt(0), number.applyAsInt(1), number.applyAsInt(2), numbers.get(3), number.applyAsInt(4),
                number.applyAsInt(5), number.applyAsInt(6), number.applyAsInt(7));
        }
    }

    /** A measurement's name with its figures by name. */
    public record Figures(String what, Map<String, Double> values) {}

    private static final int HOLD_MILLIS = 2000;
    /** Tasks asked after in a call. */
    private static final int BLOCK = 5000;
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final long POLL_NANOS = 20_000_000;
    /** An ONNX file that holds an empty graph. */
    private static final byte[] EMPTY_MODEL = {0x3a, 0};
    private static final double NANOS = 1e9;

    private final Path folder;
    private final Size size;
    private final List<Figures> figures = new ArrayList<>();
    private int measurements;
    private int blocks;

    private FleetBenchmark(Path folder, Size size) {
        this.folder = folder;
        this.size = size;
    }

    /** {@code FOLDER SIZE}, see {@link Size#of}; prints a line a measurement. */
    public static void main(String[] args) throws IOException {
        measure(Path.of(args[0]), Size.of(List.of(args).subList(1, args.length))).forEach(figures -> System.out.println(figures.what()
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
    private record Fleet(Path data, Child server, RemoteFleet access, String model) {}

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
                    Integer.toString(first), Integer.toString(agents * (i + 1) / processes - first),
                    data.resolve(Acknowledged.PREFIX + i).toString(), data.resolve("keys").toString()));
            }
            for (Child child : children.subList(1, children.size())) {
                child.expect("joined");
            }
            try (RemoteFleet access = RemoteFleet.connect(address, token)) {
                measurement.take(new Fleet(data, server, access, access.putModel(EMPTY_MODEL)));
            }
        } finally {
            children.forEach(Child::kill);
        }
    }

    private void all(Fleet fleet) throws IOException {
        submitAndAwait(fleet, size.tasks() / 10, task -> "agent" + task % size.agents(), 0);
        through(fleet, "empty tasks, all agents", size.tasks(), task -> "agent" + task % size.agents(), 0);
        dispatch(fleet);
        through(fleet, "tasks of 2 s, all agents", size.rounds() * size.agents(), task -> "agent" + task % size.agents(), HOLD_MILLIS);
        besideIdle(fleet, size.idle().get(0));
    }

    private void besideIdle(Fleet fleet, int idle) throws IOException {
        submitAndAwait(fleet, size.alone() / 2, task -> "agent0", 0);
        through(fleet, "empty tasks, one agent beside " + idle + " idle", size.alone(), task -> "agent0", 0);
    }

    private void through(Fleet fleet, String what, int tasks, IntFunction<String> device, int holdMillis) throws IOException {
        double cpu = fleet.server().cpuSeconds();
        long begin = System.nanoTime();
        Set<String> ids = submitAndAwait(fleet, tasks, device, holdMillis);
        double seconds = (System.nanoTime() - begin) / NANOS;
        cpu = fleet.server().cpuSeconds() - cpu;
        acknowledged(fleet, ids);
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
                LockSupport.parkNanos(left);
            }
            Task task = task(fleet, "dispatch" + i, due, 0);
            fleet.access().submit("agent" + i * 7919L % size.agents(), List.of(task));
            ids.add(task.getId());
        }
        await(fleet, ids);
        cpu = fleet.server().cpuSeconds() - cpu;
        long[] latencies = acknowledged(fleet, ids).stream().mapToLong(Acknowledged::latencyNanos).sorted().toArray();
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

    private Set<String> submitAndAwait(Fleet fleet, int tasks, IntFunction<String> device, int holdMillis) {
        String block = "block" + blocks++ + "/";
        Map<String, List<Task>> byDevice = IntStream.range(0, tasks).boxed().collect(Collectors.groupingBy(device::apply, TreeMap::new,
            Collectors.mapping(i -> task(fleet, block + i, System.nanoTime(), holdMillis), Collectors.toList())));
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

    /** What was acknowledged to agents of these tasks, each once. */
    private static List<Acknowledged> acknowledged(Fleet fleet, Set<String> ids) throws IOException {
        List<Acknowledged> all = List.of();
        // agents learn it right after the server knows
        for (long deadline = System.nanoTime() + WAIT.toNanos(); all.size() < ids.size() && System.nanoTime() < deadline;) {
            LockSupport.parkNanos(POLL_NANOS);
            all = Acknowledged.in(fleet.data()).stream().filter(line -> ids.contains(line.task())).toList();
        }
        long distinct = all.stream().map(Acknowledged::task).distinct().count();
        if (distinct != ids.size() || all.size() != distinct) {
            throw new IllegalStateException((ids.size() - distinct) + " of " + ids.size() + " tasks lost, " + (all.size() - distinct)
                + " counted twice");
        }
        return all;
    }
}

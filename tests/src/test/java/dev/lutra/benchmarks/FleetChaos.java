package dev.lutra.benchmarks;

import dev.lutra.InputException;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A server and agents that do tasks while they are killed at random, the network between them is cut, slowed and silent, the disk is
 * full now and then (where file systems may be mounted), and the server's clock is set days ahead and back. Afterwards every task has the one outcome that follows from it, as after a calm
 * run, and every result that was acknowledged to an agent is there and was acknowledged of one lease alone.
 */
public final class FleetChaos {

    /** @param seed of what happens; when it meets whom is up to the machine */
    public record Size(int seconds, int agents, int processes, int block, long seed) {

        static final Size SMALL = new Size(15, 8, 2, 100, 1);
    }

    /** What happened, how often, and how many tasks were done meanwhile. */
    public record Report(Map<String, Integer> events, int tasks, int acknowledged) {}

    /** What may happen. */
    private enum Fault {
        SERVER_KILLED, AGENTS_KILLED, NETWORK_CUT, NETWORK_SLOW, NETWORK_SILENT, DISK_FULL, CLOCK_SET
    }

    private static final byte[] EMPTY_MODEL = {0x3a, 0};
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    private static final int HOLD_MILLIS = 20;
    private static final int LEAST_MILLIS = 300;
    private static final int MORE_MILLIS = 2000;
    /** How far a clock is set ahead of the true time, or back: two days. */
    private static final int FARTHEST_SECONDS = 172_800;
    private static final long MEBIBYTE = 1 << 20;
    private static final int DISK_MEBIBYTES = 96;
    /** What is left on the full disk: less than a page of the database. */
    private static final int SMALLEST_BYTES = 512;

    private final Path folder;
    private final Path data;
    private final Size size;
    private final Random random;
    private final boolean hasDisk;
    private final Path clock;
    private final List<Fault> possible;
    private final Map<String, Integer> events = new LinkedHashMap<>();
    private final List<Child> agents = new ArrayList<>();
    private final int port;
    private Child server;
    private FaultyProxy network;
    private String token;

    private FleetChaos(Path folder, Size size) throws IOException {
        this.folder = folder;
        this.size = size;
        this.random = new Random(size.seed());
        this.data = Files.createDirectories(folder.resolve("disk"));
        this.hasDisk = call("mount", "-t", "tmpfs", "-o", "size=" + DISK_MEBIBYTES + "m", "tmpfs", data.toString()) == 0;
        this.clock = folder.resolve("clock");
        FalseClock.set(clock, Duration.ZERO);
        this.possible = Stream.of(Fault.values()).filter(fault -> hasDisk || fault != Fault.DISK_FULL).toList();
        try (ServerSocket free = new ServerSocket(0)) {
            this.port = free.getLocalPort();
        }
    }

    /** {@code FOLDER SECONDS AGENTS PROCESSES BLOCK SEED}; says what happened. */
    public static void main(String[] args) throws IOException {
        int[] numbers = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
        System.out.println(unleash(Path.of(args[0]), new Size(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])));
        System.exit(0);
    }

    /** @throws IllegalStateException if anything was lost, changed or counted twice */
    static Report unleash(Path folder, Size size) throws IOException {
        FleetChaos chaos = new FleetChaos(folder, size);
        try {
            return chaos.run();
        } finally {
            chaos.end();
        }
    }

    private static int call(String... command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().onExit().join()
            .exitValue();
    }

    private void serve() throws IOException {
        server = new Child(folder.resolve("server.log"), FalseClockServer.class.getName(), Integer.toString(port), data.toString(),
            clock.toString());
    }

    private Child join(int process) throws IOException {
        int first = size.agents() * process / size.processes();
        return new Child(folder.resolve("agents.log"), SimulatedAgents.class.getName(), "127.0.0.1:" + network.port(), token,
            Integer.toString(first), Integer.toString(size.agents() * (process + 1) / size.processes() - first),
            folder.resolve(Acknowledged.PREFIX + process).toString(), folder.resolve("keys").toString());
    }

    private Report run() throws IOException {
        serve();
        server.line();
        token = Files.readString(data.resolve("token")).strip();
        network = new FaultyProxy(port);
        Map<String, Task> tasks = new HashMap<>();
        try (RemoteFleet fleet = insist(() -> RemoteFleet.connect(ServerAddress.parse("127.0.0.1:" + port), token))) {
            for (int i = 0; i < size.processes(); i++) {
                agents.add(join(i));
            }
            String model = fleet.putModel(EMPTY_MODEL);
            Map<String, TaskOutcome> outcomes = new HashMap<>(block(fleet, model, tasks)); // calm, so that all are there
            long end = System.nanoTime() + Duration.ofSeconds(size.seconds()).toNanos();
            Thread faults = new Thread(() -> disturbUntil(end), "faults");
            faults.setDaemon(true);
            faults.start();
            while (System.nanoTime() < end) {
                outcomes.putAll(block(fleet, model, tasks));
            }
            faults.join();
            check(tasks, insist(() -> fleet.outcomes(tasks.keySet(), tasks.size() - 1, WAIT)));
            check(tasks, outcomes.values());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return new Report(events, tasks.size(), checkAcknowledged(tasks));
    }

    private Map<String, TaskOutcome> block(RemoteFleet fleet, String model, Map<String, Task> tasks) {
        Map<String, List<Task>> byDevice = new LinkedHashMap<>();
        List<String> ids = new ArrayList<>();
        IntStream.range(tasks.size(), tasks.size() + size.block()).forEach(i -> {
            Task task = Task.newBuilder().setId("task" + i).setModelSha256(model).setProvider("cpu").setThreads(1)
                .setLabel(System.nanoTime() + " " + HOLD_MILLIS).build();
            tasks.put(task.getId(), task);
            ids.add(task.getId());
            byDevice.computeIfAbsent("agent" + i % size.agents(), device -> new ArrayList<>()).add(task);
        });
        byDevice.forEach((device, some) -> insist(() -> {
            fleet.submit(device, some);
            return some;
        }));
        Map<String, TaskOutcome> done = new HashMap<>();
        while (done.size() < ids.size()) {
            insist(() -> fleet.outcomes(ids, done.size(), WAIT)).forEach(outcome -> done.put(outcome.getTaskId(), outcome));
        }
        return done;
    }

    /** A client gives up after a time in which a server on a busy machine may be killed and be started several times. */
    private static <R> R insist(Supplier<R> call) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return call.get();
            } catch (InputException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
        }
    }

    private void disturbUntil(long end) {
        try {
            while (System.nanoTime() < end) {
                pause();
                disturb();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void pause() {
        LockSupport.parkNanos(Duration.ofMillis(LEAST_MILLIS + random.nextInt(MORE_MILLIS)).toNanos());
    }

    private void disturb() throws IOException {
        Fault fault = possible.get(random.nextInt(possible.size()));
        events.merge(fault.name().toLowerCase(Locale.ROOT).replace('_', ' '), 1, Integer::sum);
        switch (fault) {
            case SERVER_KILLED -> {
                server.kill();
                pause();
                serve();
            }
            case AGENTS_KILLED -> {
                int process = random.nextInt(agents.size());
                agents.get(process).kill();
                pause();
                agents.set(process, join(process));
            }
            case NETWORK_CUT -> weather(FaultyProxy.Weather.CUT);
            case NETWORK_SLOW -> weather(FaultyProxy.Weather.SLOW);
            case NETWORK_SILENT -> weather(FaultyProxy.Weather.SILENT);
            case DISK_FULL -> {
                Path filler = data.resolve("filler");
                fill(filler);
                pause();
                Files.delete(filler);
            }
            case CLOCK_SET -> FalseClock.set(clock, Duration.ofSeconds(random.nextInt(2 * FARTHEST_SECONDS) - FARTHEST_SECONDS));
        }
    }

    private void weather(FaultyProxy.Weather weather) {
        network.weather(weather);
        pause();
        network.weather(FaultyProxy.Weather.FAIR);
    }

    private static void fill(Path filler) throws IOException {
        try (var out = Files.newOutputStream(filler)) {
            for (long bytes = MEBIBYTE; bytes >= SMALLEST_BYTES;) {
                try {
                    out.write(new byte[(int) bytes]);
                } catch (IOException e) {
                    bytes /= 2;
                }
            }
        }
    }

    private static void check(Map<String, Task> tasks, Iterable<TaskOutcome> outcomes) {
        int right = 0;
        for (TaskOutcome outcome : outcomes) {
            if (!outcome.getOutcome().equals(SimulatedAgents.outcome(tasks.get(outcome.getTaskId())))) {
                throw new IllegalStateException(outcome.getTaskId() + " has another outcome: " + outcome.getOutcome());
            }
            right++;
        }
        if (right != tasks.size()) {
            throw new IllegalStateException(right + " of " + tasks.size() + " tasks have an outcome");
        }
    }

    private int checkAcknowledged(Map<String, Task> tasks) throws IOException {
        Map<String, Long> epochs = new HashMap<>();
        List<Acknowledged> all = Acknowledged.in(folder);
        for (Acknowledged one : all) {
            Long other = epochs.put(one.task(), one.epoch());
            if (!tasks.containsKey(one.task()) || other != null && other != one.epoch()) {
                throw new IllegalStateException(one.task() + " was acknowledged of leases " + other + " and " + one.epoch());
            }
        }
        return epochs.size();
    }

    private void end() throws IOException {
        agents.forEach(Child::kill);
        if (network != null) {
            network.close();
        }
        if (server != null) {
            server.kill();
        }
        if (hasDisk) {
            call("umount", data.toString());
        }
    }
}

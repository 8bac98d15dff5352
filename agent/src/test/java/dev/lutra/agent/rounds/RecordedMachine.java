package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A real machine as {@code tests/benchmarks/record_slices.sh} recorded it. Its lines are gone through one by one; the clock shows their
 * time, and whoever asks for a slice gets that of the present line.
 */
final class RecordedMachine implements Bench {

    /** A slice of a task or a sentinel; times in microseconds, latencies in nanoseconds. */
    record Line(int phase, int process, long atMicros, long tookMicros, String name, double level, double median, double halves,
        double delayed) {

        static Line of(String text) {
            String[] cells = text.split("\t");
            return new Line(Integer.parseInt(cells[0]), Integer.parseInt(cells[1]), Long.parseLong(cells[2]), Long.parseLong(cells[3]),
                cells[4], Double.parseDouble(cells[5]), Double.parseDouble(cells[6]), Double.parseDouble(cells[7]),
                Double.parseDouble(cells[8]));
        }

        boolean isOf(SentinelModel model) {
            return name.equals(RecordedMachine.name(model));
        }

        boolean isOfSentinel() {
            return Stream.of(SentinelModel.values()).anyMatch(this::isOf);
        }
    }

    private static final int SAMPLES = 40;
    private static final long SAMPLING = 60_000_000;

    private Line present;
    private Line next;
    private long now;

    /** The recording's processes that have slices of tasks, by phase and in order. */
    static Map<Integer, List<List<Line>>> phases(String recording) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(
            RecordedMachine.class.getResourceAsStream(recording + ".tsv"), StandardCharsets.UTF_8))) {
            Map<Integer, Map<Integer, List<Line>>> phases = in.lines().map(Line::of)
                .collect(Collectors.groupingBy(Line::phase, Collectors.groupingBy(Line::process, TreeMap::new, Collectors.toList())));
            Map<Integer, List<List<Line>>> whole = new HashMap<>();
            phases.forEach((phase, processes) -> whole.put(phase, processes.values().stream()
                .filter(lines -> lines.stream().anyMatch(line -> !line.isOfSentinel())).toList()));
            return whole;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String name(SentinelModel model) {
        return model.name().toLowerCase(Locale.ROOT);
    }

    /** @param after what was recorded next */
    void go(Line line, Line after) {
        present = line;
        next = after;
        now = 1000 * line.atMicros();
    }

    long nanoTime() {
        return now;
    }

    @Override
    public void renewForMemory() {
        renew();
    }

    @Override
    public void renew() {
        // As recorded.
    }

    @Override
    public void close() {
        // Nothing is open.
    }

    @Override
    public Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) {
        if (onnx == SentinelModel.CORE.onnx() && !present.isOf(SentinelModel.CORE)) {
            present = next; // the core is read right after the memory
        }
        now = 1000 * (present.atMicros() + present.tookMicros());
        return slice(present, task);
    }

    @Override
    public Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) {
        return Optional.empty();
    }

    /** Samples that have the recorded level and median; what its halves differed by counts as delay, which is judged alike. */
    static Slice slice(Line line, Task task) {
        Slice.Builder slice = Slice.newBuilder().setSteady(true).setSamplingNanos(SAMPLING).setWarmupNanos(SAMPLING / 2)
            .setRunDelayNanos(Math.round(SAMPLING * Math.max(line.delayed(), line.halves() * Defaults.DELAYED / Defaults.HALVES)));
        slice.getRuntimeBuilder().setName("recorded").setProvider(task.getProvider()).setThreads(task.getThreads());
        for (int i = 0; i < SAMPLES; i++) {
            slice.addSamplesNanos(Math.round(i % 10 < 3 ? line.level() : line.median()));
        }
        return slice.build();
    }
}

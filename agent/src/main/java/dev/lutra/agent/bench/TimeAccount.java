package dev.lutra.agent.bench;

import dev.lutra.proto.Slice;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Where the wall time of a batch went. */
public final class TimeAccount {

    /** In the order of the summary. */
    public enum Kind {
        MEASURING("measuring"), SENTINEL("sentinel"), SESSIONS("sessions"), PROCESSES("process starts"), MEMORY("memory"), ENERGY("energy"), TRANSFER(
            "transfer"), CALM(
                "waiting for calm"), WORK("waiting for work");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    private final Map<Kind, Long> nanos = new EnumMap<>(Kind.class);
    private boolean processStarts;
    private long heldUp;
    private long startNanos;
    private int tasks;

    public TimeAccount(long startNanos) {
        this.startNanos = startNanos;
    }

    /** The next slice begins with the start of a process. */
    public void processStarts() {
        processStarts = true;
    }

    /** One slice of a task: warming up and sampling is measuring; nothing else is. */
    public void task(Slice slice, long wallNanos) {
        long measuring = slice.getWarmupNanos() + slice.getSamplingNanos();
        add(Kind.MEASURING, measuring);
        add(Kind.SESSIONS, slice.getSessionNanos());
        around(wallNanos - measuring - slice.getSessionNanos());
    }

    public void sentinel(Slice slice, long wallNanos) {
        long own = slice.getWarmupNanos() + slice.getSamplingNanos() + slice.getSessionNanos();
        add(Kind.SENTINEL, own);
        around(wallNanos - own);
    }

    /** A slice that failed, perhaps with its process. */
    public void failed(long wallNanos) {
        around(wallNanos);
    }

    private void around(long wallNanos) {
        add(processStarts ? Kind.PROCESSES : Kind.TRANSFER, Math.max(0, wallNanos));
        processStarts = false;
    }

    public void add(Kind kind, long wallNanos) {
        nanos.merge(kind, wallNanos, Long::sum);
    }

    public long nanos(Kind kind) {
        return nanos.getOrDefault(kind, 0L);
    }

    /** The machine was not calm for so long: pauses, and readings of sentinels that only looked whether it was again. */
    public void heldUp(long wallNanos) {
        heldUp += wallNanos;
    }

    public long heldUpNanos() {
        return heldUp;
    }

    /** What slices of tasks and the readings beside them take, as a multiple of what the slices take; at least 1. */
    public double overhead() {
        double tasks = nanos(Kind.MEASURING) + nanos(Kind.SESSIONS) + nanos(Kind.PROCESSES) + nanos(Kind.TRANSFER);
        double looking = heldUp - nanos(Kind.CALM);
        return tasks == 0 ? 1 : 1 + Math.max(0, nanos(Kind.SENTINEL) - looking) / tasks;
    }

    public void taskLeft() {
        tasks++;
    }

    public int tasksLeft() {
        return tasks;
    }

    /** One line: "batch of 16: 83 s, 78 % measuring, 9 % sentinel, …". */
    public String summary(long nowNanos) {
        long wall = Math.max(1, nowNanos - startNanos);
        long other = wall - nanos.values().stream().mapToLong(Long::longValue).sum();
        return nanos.entrySet().stream()
            .map(entry -> String.format(Locale.ROOT, ", %.0f %% %s", 100.0 * entry.getValue() / wall, entry.getKey().words))
            .collect(Collectors.joining("", String.format(Locale.ROOT, "batch of %d: %.1f s", tasks, wall / 1e9),
                String.format(Locale.ROOT, ", %.0f %% other", 100.0 * Math.max(0, other) / wall)));
    }
}

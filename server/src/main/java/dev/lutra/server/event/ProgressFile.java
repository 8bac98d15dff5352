package dev.lutra.server.event;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * Keeps in a file of a run's folder what is under way, so that other processes can show it: about once a second, and whenever a stage
 * begins. It goes with the process that wrote it.
 */
public final class ProgressFile implements RunListener, AutoCloseable {

    private static final long EVERY_NANOS = 1_000_000_000L;

    private final Path file;
    private final LongSupplier nanoTime;
    private final Map<String, Work> open = new LinkedHashMap<>();
    private String stage;
    private int number;
    private int count;
    private String message = "";
    private long written;
    private boolean closed;

    /** Work under way. */
    private static final class Work {
        private final String what;
        private final long total;
        private final String unit;
        private final WorkPace pace;
        private String note = "";

        Work(RunEvent.WorkBegan began, long now) {
            what = began.what();
            total = began.total();
            unit = began.unit();
            pace = new WorkPace(total, unit, now);
        }

        RunProgress.Work told(long now) {
            return new RunProgress.Work(what, pace.done(), total, unit, orNull(pace.rate(now)), orNull(pace.secondsLeft(now)), note);
        }

        private static Double orNull(OptionalDouble value) {
            return value.isPresent() ? value.getAsDouble() : null;
        }
    }

    /** @param nanoTime a monotonic clock in nanoseconds */
    public ProgressFile(Path file, LongSupplier nanoTime) {
        this.file = file;
        this.nanoTime = nanoTime;
        write();
    }

    @Override
    public synchronized void heard(RunEvent event) {
        boolean isTurn = false;
        if (event instanceof RunEvent.WorkBegan began) {
            open.put(began.what(), new Work(began, nanoTime.getAsLong()));
        } else if (event instanceof RunEvent.WorkProgressed progressed) {
            Work work = open.get(progressed.what());
            work.pace.at(progressed.done());
            work.note = progressed.note();
        } else if (event instanceof RunEvent.WorkEnded ended) {
            open.remove(ended.what());
        } else if (event instanceof RunEvent.StageCounted counted) {
            number = counted.number();
            count = counted.count();
        } else if (event instanceof RunEvent.StageBegan began) {
            stage = began.stage();
            isTurn = true;
        } else {
            event.line().ifPresent(line -> message = line);
        }
        if (!closed && (isTurn || nanoTime.getAsLong() - written >= EVERY_NANOS)) {
            write();
        }
    }

    private void write() {
        written = nanoTime.getAsLong();
        List<RunProgress.Work> work = new ArrayList<>();
        open.values().forEach(one -> work.add(one.told(written)));
        ProcessHandle process = ProcessHandle.current();
        try {
            new RunProgress(process.pid(), RunProgress.startOf(process), stage, number, count, work, message).write(file);
        } catch (UncheckedIOException e) {
            // for people to look at: a disk that is full now is waited for elsewhere, and this is written anew the next time
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be deleted: " + FileTrouble.reason(e), e);
        }
    }
}

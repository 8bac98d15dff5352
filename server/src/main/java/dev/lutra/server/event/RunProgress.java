package dev.lutra.server.event;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a process that works on a run does now, as it lies in the run's folder for others to read.
 *
 * @param pid of the process
 * @param started when that process began, in milliseconds since 1970; 0 where the system does not tell
 * @param stage that is under way; null before the first
 * @param number of the stage, from 1; 0 where it is not one of several
 * @param count of stages; 0 likewise
 * @param work of known length that is under way, the latest last
 * @param message the last line that was said; empty before the first
 */
public record RunProgress(@JsonProperty("pid") long pid, @JsonProperty("started") long started, @JsonProperty("stage") String stage,
    @JsonProperty("number") int number, @JsonProperty("count") int count, @JsonProperty("work") List<Work> work,
    @JsonProperty("message") String message) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_BYTES = 1 << 20;

    /**
     * Work under way.
     *
     * @param done of the total
     * @param rate units a second; null where they are seconds
     * @param secondsLeft null while it cannot be told
     * @param note the current best, a loss, or empty
     */
    public record Work(@JsonProperty("what") String what, @JsonProperty("done") double done, @JsonProperty("total") long total,
        @JsonProperty("unit") String unit, @JsonProperty("rate") Double rate, @JsonProperty("left_seconds") Double secondsLeft,
        @JsonProperty("note") String note) {}

    public RunProgress {
        work = List.copyOf(work);
    }

    /** What is under way; empty where no process works on the run. */
    public static Optional<RunProgress> read(Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(InputFile.text(file, MOST_BYTES), RunProgress.class)).filter(RunProgress::isAlive);
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": not a run's progress: " + e.getOriginalMessage() + " (expected: as lutra run writes it)", e);
        }
    }

    /** Whether the process that told it still runs: after a kill its file lies there until the next comes. */
    private boolean isAlive() {
        return ProcessHandle.of(pid).filter(process -> process.isAlive() && startOf(process) == started).isPresent();
    }

    static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    void write(Path file) {
        try {
            AtomicFile.write(file, JSON.writeValueAsString(this) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of numbers and texts always writes", e);
        }
    }
}

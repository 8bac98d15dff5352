package dev.lutra.server.plan;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * What an experiment takes on this machine, from nothing to its last stage.
 *
 * @param stages in order
 * @param disk what is written, by place
 * @param memory of this process
 * @param lacks what this machine or its fleet does not have, in sentences; empty if nothing is known to lack
 */
public record Plan(List<StageTime> stages, List<DiskUse> disk, MemoryUse memory, List<String> lacks) {

    /**
     * A stage's time.
     *
     * @param from what it was reckoned from, in words
     */
    public record StageTime(String stage, double seconds, String from) {}

    /**
     * @param place folder that it is written to
     * @param free bytes that are free there
     */
    public record DiskUse(String what, long bytes, Path place, long free) {}

    /**
     * @param bytes that training takes; empty where nothing is trained, or the system does not tell what a process holds
     * @param total bytes of the machine, or of the container that this is
     */
    public record MemoryUse(OptionalLong bytes, long total) {}

    /** Whether anything is trained. */
    public boolean trains() {
        return stages.stream().anyMatch(stage -> List.of("train", "rank", "retrain").contains(stage.stage()));
    }

    /** Of all stages. */
    public double seconds() {
        return stages.stream().mapToDouble(StageTime::seconds).sum();
    }
}

package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.schedule.Allowance;
import dev.lutra.server.schedule.RunLimits;
import dev.lutra.yaml.Durations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** What experiments that are submitted to a server may do there, and how many at a time. */
public final class SubmissionOptions {

    private static final int MOST = 1000;

    @Option(names = "--allow-data", paramLabel = "DIR", split = ",", description = "Folders in which experiments that are submitted may name files, comma-separated (default: none).")
    private List<Path> folders = List.of();

    @Option(names = "--allow-commands", description = "Experiments that are submitted may have this machine run programs (accuracy.command, compute.spark).")
    private boolean commands;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "4", description = "Runs that have a process at a time, at most (default: ${DEFAULT-VALUE}).")
    private int processes;

    @Option(names = "--trainings", paramLabel = "N", defaultValue = "1", description = "Trainings at a time on the processor, and on GPUs, at most (default: ${DEFAULT-VALUE}).")
    private int trainings;

    @Option(names = "--turn", paramLabel = "TIME", defaultValue = "10 min", description = "How long a run goes on while others of its priority wait (default: ${DEFAULT-VALUE}).")
    private String turn;

    @Option(names = "--runs-per-owner", paramLabel = "N", defaultValue = "20", description = "Runs of one token that have not ended, at most (default: ${DEFAULT-VALUE}).")
    private int ofOwner;

    @Option(names = "--run-heap", paramLabel = "SIZE", defaultValue = "", description = "Java's heap of a run's process, such as 4g (default: as Java has it, a quarter of the memory).")
    private String heap;

    /** @throws InputException if a folder is none */
    Allowance allowance() {
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw new InputException("--allow-data: " + folder + ": no such folder");
            }
        }
        return new Allowance(folders.stream().map(Path::toAbsolutePath).toList(), commands);
    }

    /** @throws InputException if one is out of range */
    RunLimits limits() {
        if (!heap.matches("|[1-9][0-9]{0,8}[kKmMgG]")) {
            throw new InputException("--run-heap: " + heap + " (expected: a size such as 4g)");
        }
        Duration time = Durations.of(turn).filter(given -> !given.isZero())
            .orElseThrow(() -> new InputException("--turn: " + turn + " (expected: a duration with its unit, such as '10 min')"));
        return new RunLimits(count("--runs", processes), count("--trainings", trainings), time, count("--runs-per-owner", ofOwner), heap);
    }

    private static int count(String option, int count) {
        if (count < 1 || count > MOST) {
            throw new InputException(option + ": " + count + " (expected: 1 to " + MOST + ")");
        }
        return count;
    }
}

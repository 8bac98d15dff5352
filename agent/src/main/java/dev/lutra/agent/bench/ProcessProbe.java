package dev.lutra.agent.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What Linux tells a process about itself; other systems tell nothing. */
final class ProcessProbe {

    private static final String ALLOWED = "Cpus_allowed_list:";

    private final Path self;
    private final Path onlineCores;
    private final Set<String> jvmThreads;

    ProcessProbe() {
        this(Path.of("/proc"), Path.of("/sys/devices/system/cpu/online"));
    }

    ProcessProbe(Path proc, Path onlineCores) {
        this.self = proc.resolve("self");
        this.onlineCores = onlineCores;
        this.jvmThreads = otherThreads(proc.resolve("thread-self"));
    }

    /** Without the one that asks, as far as the system tells. */
    private Set<String> otherThreads(Path threadSelf) {
        try (Stream<Path> threads = Files.list(self.resolve("task"))) {
            Path asking = Files.readSymbolicLink(threadSelf).getFileName();
            return threads.map(Path::getFileName).filter(thread -> !thread.equals(asking)).map(Path::toString)
                .collect(Collectors.toSet());
        } catch (IOException e) {
            return Set.of();
        }
    }

    /**
     * How long each thread that may run a model has been ready to run but waited for a core, in nanoseconds; empty if the system
     * does not tell. Those are the one that made this object and all that were started since; the others are the JVM's own, whose
     * compiler is busy in a new process and waits without anybody waiting for it.
     */
    Map<String, Long> runDelays() {
        Map<String, Long> delays = new HashMap<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(self.resolve("task"),
            thread -> !jvmThreads.contains(thread.getFileName().toString()))) {
            for (Path thread : threads) {
                String[] fields = read(thread.resolve("schedstat")).strip().split(" ");
                if (fields.length == 3) {
                    delays.put(thread.getFileName().toString(), Long.parseLong(fields[1]));
                }
            }
        } catch (IOException e) {
            return Map.of();
        }
        return delays;
    }

    /**
     * The delay of the thread that waited longest since {@link #runDelays} said {@code before}: all others wait for it, so their
     * delays do not add up. -1 where the system does not tell.
     */
    long runDelaySince(Map<String, Long> before) {
        Map<String, Long> now = runDelays();
        if (before.isEmpty() || now.isEmpty()) {
            return -1;
        }
        return now.entrySet().stream().mapToLong(thread -> thread.getValue() - before.getOrDefault(thread.getKey(), 0L)).max().orElse(0);
    }

    /** What of this process is in memory now, in bytes; empty if the system does not tell. */
    OptionalLong residentBytes() {
        return bytes("VmRSS:");
    }

    /** The most that was, since it began or {@link #forgetPeak} was last asked for; 0 if the system does not tell. */
    long peakBytes() {
        return bytes("VmHWM:").orElse(0);
    }

    /** Begins the peak anew; false if the system does not do that (proc(5): {@code clear_refs}, value 5). */
    boolean forgetPeak() {
        try {
            Files.writeString(self.resolve("clear_refs"), "5", StandardOpenOption.WRITE);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private OptionalLong bytes(String field) {
        return read(self.resolve("status")).lines().filter(line -> line.startsWith(field)).map(line -> line.substring(field.length()).strip())
            .filter(text -> text.matches("\\d{1,15} kB")).mapToLong(text -> 1024 * Long.parseLong(text.split(" ")[0])).findFirst();
    }

    /** The cores that this process is confined to; empty if it may run on all. */
    List<Integer> pinnedCores() {
        List<Integer> online = cores(read(onlineCores).strip());
        List<Integer> allowed = read(self.resolve("status")).lines().filter(line -> line.startsWith(ALLOWED))
            .flatMap(line -> cores(line.substring(ALLOWED.length()).strip()).stream()).filter(online::contains).toList();
        return allowed.equals(online) ? List.of() : allowed;
    }

    /** Of a list such as {@code 0-3,8}. */
    private static List<Integer> cores(String list) {
        return Stream.of(list.split(",")).filter(range -> !range.isEmpty()).flatMapToInt(range -> {
            String[] ends = range.split("-");
            return IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]));
        }).boxed().toList();
    }

    /** Empty if the file does not exist, or belongs to a thread that has just ended. */
    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}

package dev.lutra.agent.sentinel;

import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.agent.device.StateFile;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sentinel's reference level for every way of running models on this device, in a small text file that outlives the
 * process: what is measured today and next month is on one scale. A line holds the key, the level in nanoseconds, and how long
 * the sentinel has lately been far off it (see {@link Defaults#DEPARTURE}), separated by tabs.
 */
public final class ReferenceLevels {

    /** @param departedNanos time measured since a reading was last near the level */
    public record Reference(long levelNanos, long departedNanos) {}

    private static final Logger log = LoggerFactory.getLogger(ReferenceLevels.class);
    private static final String FILE = "sentinel-reference.tsv";
    private static final String FORM = "[^\t]+\t[1-9]\\d{0,14}\t\\d{1,18}";

    private final Path file;
    private final Map<String, Reference> levels = new TreeMap<>();
    private boolean unwritable;

    /** Reads a state folder's file. One that cannot be read is said so once, and written anew when there is something to keep. */
    public ReferenceLevels(Path folder) {
        this.file = folder.resolve(FILE);
        try {
            int number = 0;
            for (String line : StateFile.read(file).lines().toList()) {
                number++;
                if (!line.matches(FORM)) {
                    throw new IOException("line " + number + " (expected: key, level and departure in ns, by tabs)");
                }
                String[] fields = line.split("\t");
                levels.put(fields[0], new Reference(Long.parseLong(fields[1]), Long.parseLong(fields[2])));
            }
        } catch (NoSuchFileException e) {
            log.debug("{}: not yet there", file);
        } catch (IOException e) {
            levels.clear();
            log.warn("{}: not readable: {}; reference levels are measured anew, so figures may shift against older ones by some "
                + "percent", file, FileTrouble.reason(e));
        }
    }

    /**
     * What a level is kept under: everything that moves the sentinel's latency apart from the machine's speed.
     *
     * @param pinnedCores that its process is confined to, as cores of one device may differ; empty: all
     */
    public static String key(Runtime runtime, List<Integer> pinnedCores, SentinelModel.Form sentinel) {
        return String.join("/", runtime.getName(), runtime.getVersion(), runtime.getProvider(), "threads=" + runtime.getThreads(),
            new TreeMap<>(runtime.getProviderOptionsMap()).toString().replaceAll("\\s", ""),
            (pinnedCores.isEmpty() ? "" : "cores=" + pinnedCores.stream().map(String::valueOf).collect(Collectors.joining("+")) + "/")
                + "sentinel=" + sentinel.scale());
    }

    public Optional<Reference> get(String key) {
        return Optional.ofNullable(levels.get(key));
    }

    /** Keeps a level from now on. If the folder cannot be written to, a warning says so, and the next process starts anew. */
    public void put(String key, Reference reference) {
        levels.put(key, reference);
        StringBuilder text = new StringBuilder();
        levels.forEach((name, level) -> text.append(name).append('\t').append(level.levelNanos()).append('\t')
            .append(level.departedNanos()).append('\n'));
        try {
            write(text.toString());
            unwritable = false;
        } catch (IOException e) {
            if (!unwritable) {
                log.warn("{}: cannot be written: {}", file, FileTrouble.reason(e));
            }
            unwritable = true;
        }
    }

    private void write(String text) throws IOException {
        PrivateFiles.make(file.getParent());
        Path temporary = Files.createTempFile(file.getParent(), FILE, ".part");
        try {
            Files.write(temporary, text.getBytes(StandardCharsets.UTF_8));
            try {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}

package dev.lutra.server.event;

import dev.lutra.AtomicFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.store.ResultStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what happened in a run: in its database, which is the truth, and from there as lines of JSON in a file. While a stage is
 * under way the file's lines come as things happen, and of two lines with one key the later holds; when a run is opened, a part of it
 * begins from nothing or a stage has ended, the file is written anew, with every key once.
 *
 * <p>Of a training's steps some ten an epoch are kept, each with the means of those since the one before.
 */
public final class EventStore implements RunListener {

    private static final String KIND = "event";

    private final ResultStore store;
    private final Path file;
    private final Clock clock;
    private final int life;
    private final StepMeans means = new StepMeans();

    /**
     * Opens the store for one more life of a run.
     *
     * @param file of lines, in which every line is an event
     */
    public EventStore(ResultStore store, Path file, Clock clock) {
        this.store = store;
        this.file = file;
        this.clock = clock;
        life = store.find("run", "lives").map(Integer::parseInt).orElse(0) + 1;
        store.put("run", "lives", Integer.toString(life));
        noteCutOffs();
        writeFile();
    }

    /** When a stage was cut off is known by what it told last, which this life replaces where it repeats that. */
    private void noteCutOffs() {
        Map<String, StoredEvent> all = all(store);
        for (StageTimes.Work work : StageTimes.of(all.values())) {
            RunEvent cutOff = new RunEvent.StageCutOff(work.stage());
            String key = keyOfLife(cutOff, work.life());
            if (work.isCutOff() && !all.containsKey(key)) {
                store.put(KIND, key, EventJson.write(key, new StoredEvent(work.to(), work.life(), cutOff)));
            }
        }
    }

    /** A stage begins in every life of the run anew. */
    private static String keyOfLife(RunEvent event, int life) {
        return event.key().orElseThrow() + "/" + life;
    }

    /** What is kept of a run, by key, in the order in which keys were first met. */
    public static Map<String, StoredEvent> all(ResultStore store) {
        Map<String, StoredEvent> all = new LinkedHashMap<>();
        store.all(KIND).forEach((key, json) -> all.put(key, EventJson.read(json)));
        return all;
    }

    @Override
    public void heard(RunEvent event) {
        if (event instanceof RunEvent.BegunAnew begun && store.removeAll(KIND, begun.part() + "/") > 0) {
            writeFile(); // who reads along learns by it what holds no more
        }
        if (event instanceof RunEvent.TrainingStep step) {
            means.add(step).ifPresent(this::keep);
        } else {
            keep(event);
        }
        if (event instanceof RunEvent.StageEnded) {
            writeFile();
        }
    }

    private void keep(RunEvent event) {
        key(event).ifPresent(key -> {
            String line = EventJson.write(key, new StoredEvent(clock.instant(), life, event));
            store.put(KIND, key, line);
            append(line);
        });
    }

    private Optional<String> key(RunEvent event) {
        boolean ofThisLife = event instanceof RunEvent.StageBegan || event instanceof RunEvent.StageEnded;
        return ofThisLife ? Optional.of(keyOfLife(event, life)) : event.key();
    }

    private void append(String line) {
        try {
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + FileTrouble.reason(e), e);
        }
    }

    private void writeFile() {
        StringBuilder lines = new StringBuilder();
        store.all(KIND).values().forEach(line -> lines.append(line).append('\n'));
        AtomicFile.write(file, lines.toString());
    }
}

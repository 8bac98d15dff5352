package dev.lutra.server.view;

import dev.lutra.InputException;
import dev.lutra.server.event.EventLines;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.event.RunProgress;
import dev.lutra.server.event.StoredEvent;
import dev.lutra.server.folder.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * A run's folder as it is looked at, also while another process works in it: what was read is kept, and only what came since is read again.
 * Safe for use by several threads.
 */
public final class RunReader {

    /** Of a large run whose page many look at, no more than one in so many moments goes into its view. */
    private static final int SHARE = 4;

    private final RunFolder folder;
    private final Clock clock;
    private final RunSources sources;
    private final EventLines lines;
    private Map<String, StoredEvent> events = new LinkedHashMap<>();
    private CandidateColumns candidates = new CandidateColumns();
    private byte[] packed;
    private String view;
    /** How many times something was read: what was made of it holds until there is more. */
    private long read;
    private long seen;
    private boolean wasAtRest;
    private Instant viewed;
    private Duration cost;
    /** Stands for all candidates among the events: when something was told last. */
    private static final String LAST_CANDIDATE = "search/candidate";

    public RunReader(RunFolder folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
        this.sources = new RunSources(folder);
        lines = new EventLines(folder.metrics());
    }

    public RunFolder folder() {
        return folder;
    }

    /**
     * All that is known by now.
     *
     * @throws InputException if the folder is no run's, or something in it cannot be read
     */
    private RunFacts facts() {
        sources.experiment();
        readOn();
        return RunFacts.read(sources, RunHistory.of(events), candidates);
    }

    private void readOn() {
        EventLines.News news = lines.next();
        if (!news.isEmpty()) {
            read++;
            packed = null;
        }
        if (news.isAnew()) {
            events = new LinkedHashMap<>();
            candidates = new CandidateColumns();
        }
        for (EventLines.Line line : news.lines()) {
            EventLines.Keyed read = line.read();
            StoredEvent stored = read.event();
            if (stored.event() instanceof RunEvent.CandidateEvaluated candidate) {
                candidates.put(candidate);
                events.put(LAST_CANDIDATE, stored);
            } else {
                events.put(read.key(), stored);
            }
        }
    }

    /** The run as one document, {@link RunView}, in JSON. */
    public synchronized String view() {
        Instant now = clock.instant();
        readOn();
        boolean isOver = viewed != null && seen == read && wasAtRest && RunProgress.read(folder.progress()).isEmpty();
        if (view == null || !isOver && Duration.between(viewed, now).compareTo(cost.multipliedBy(SHARE)) > 0) {
            seen = read;
            wasAtRest = RunProgress.read(folder.progress()).isEmpty();
            view = RunView.json(RunView.of(facts(), now, false));
            viewed = clock.instant();
            cost = Duration.between(now, viewed);
        }
        return view;
    }

    /**
     * What happens in the run, as server-sent events, asked for again and again: lines of events under their place in the file, and what is
     * under way. Lines of before the file was written anew hold no more, which 'anew' says.
     *
     * @param after place up to which is known what happened; empty: nothing is
     */
    public Supplier<String> watch(String after) {
        EventLines own = EventLines.from(folder.metrics(), after);
        AtomicReference<String> progress = new AtomicReference<>("");
        return () -> {
            EventLines.News news = own.next();
            StringBuilder events = new StringBuilder(news.isAnew() && !after.isEmpty() ? "event: anew\ndata: {}\n\n" : "");
            news.lines().forEach(line -> events.append("data: ").append(line.json()).append("\n\n"));
            if (!news.isEmpty()) {
                events.append("event: read\nid: ").append(own.position()).append("\ndata: {}\n\n");
            }
            String now = RunProgress.read(folder.progress()).map(RunView::json).orElse("null");
            if (!now.equals(progress.getAndSet(now))) {
                events.append("event: progress\ndata: ").append(now).append("\n\n");
            }
            return events.toString();
        };
    }

    /** What fills an answer. */
    @FunctionalInterface
    private interface Content {
        void writeTo(ByteArrayOutputStream out) throws IOException;
    }

    private static byte[] bytes(Content content) {
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            content.writeTo(out);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("in memory nothing fails", e);
        }
    }

    /** The candidates, {@link CandidateColumns#json}. */
    public synchronized byte[] candidates() {
        readOn();
        return bytes(candidates::json);
    }

    /** The same, packed by gzip. */
    public synchronized byte[] candidatesPacked() {
        readOn();
        if (packed == null) {
            packed = bytes(out -> {
                try (OutputStream packing = new FastGzip(out)) {
                    candidates.json(packing);
                }
            });
        }
        return packed;
    }

    /** Columns of numbers are read once, and pack no better by longer work. */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 1 << 16);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    /** The same as a table. */
    public synchronized byte[] candidatesAsCsv() {
        readOn();
        return bytes(candidates::csv);
    }

    /**
     * A device's table, {@link TableView}, in JSON.
     *
     * @throws InputException if the run has no table of such a device yet, or its space no networks
     */
    public synchronized String table(String device) {
        return RunView.json(tableView(device));
    }

    /** The same as a table. */
    public synchronized String tableAsCsv(String device) {
        return tableView(device).csv();
    }

    private TableView tableView(String device) {
        RunFacts facts = facts();
        if (!facts.tables().containsKey(device) || facts.networks().isEmpty()) {
            throw new InputException("table: " + device + " (expected: a device of the run whose table has been begun, one of "
                + facts.tables().keySet() + ")");
        }
        return TableView.of(device, facts.tables().get(device), facts.networks().get());
    }

    /**
     * One architecture, {@link ArchitectureView}, in JSON.
     *
     * @throws InputException if it is none of the run's space
     */
    public synchronized String architecture(String text) {
        return RunView.json(ArchitectureView.of(facts()).apply(text));
    }
}

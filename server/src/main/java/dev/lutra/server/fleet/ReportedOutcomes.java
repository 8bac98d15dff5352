package dev.lutra.server.fleet;

import dev.lutra.proto.Outcome;
import dev.lutra.proto.log.Logged;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What devices report in a server's life, for those who watch it: counted, and told in the log. Safe for use by several threads. */
public final class ReportedOutcomes {

    private static final Logger LOG = LoggerFactory.getLogger(ReportedOutcomes.class);

    /**
     * How often.
     *
     * @param outcome {@code measured} or {@code failed}
     */
    public record Count(String device, String outcome, long tasks) {}

    private record Key(String device, String outcome) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byDevice = device.compareTo(other.device);
            return byDevice == 0 ? outcome.compareTo(other.outcome) : byDevice;
        }
    }

    private final Map<Key, LongAdder> counts = new ConcurrentSkipListMap<>();

    /**
     * @param owner whose work it was, or empty
     * @param task its name, which begins with that of its experiment
     */
    void add(String device, String owner, String task, Outcome outcome) {
        String kind = outcome.getKindCase().name().toLowerCase(Locale.ROOT);
        counts.computeIfAbsent(new Key(device, kind), unseen -> new LongAdder()).increment();
        try (Logged about = Logged.task(task).with("owner", owner).with("device", device)) {
            if (outcome.hasFailed()) {
                LOG.info("failed: {}", outcome.getFailed().getReason());
            } else {
                LOG.info("measured");
            }
        }
    }

    /** By device and outcome. */
    List<Count> counts() {
        return counts.entrySet().stream().map(entry -> new Count(entry.getKey().device(), entry.getKey().outcome(), entry.getValue().sum())).toList();
    }
}

package dev.lutra.server.profile;

import dev.lutra.server.store.ResultStore;
import java.util.function.LongSupplier;

/** Time that work of a run has taken in all its lives together: what is spent is kept, so that a run which was killed goes on with what is left. */
public final class SpentTime {

    private final ResultStore results;
    private final String kind;
    private final String key;
    private final LongSupplier nanoTime;
    private final long beganNanos;

    /** Runs from now on, after what earlier lives have spent under the same key. */
    public SpentTime(ResultStore results, String kind, String key, LongSupplier nanoTime) {
        this.results = results;
        this.kind = kind;
        this.key = key;
        this.nanoTime = nanoTime;
        beganNanos = nanoTime.getAsLong() - results.find(kind, key).map(Long::parseLong).orElse(0L);
    }

    /** Notes what is spent by now. */
    public void keep() {
        results.put(kind, key, Long.toString(nanos()));
    }

    /** What follows has its time anew. */
    public void forget() {
        results.removeAll(kind, key);
    }

    public long nanos() {
        return nanoTime.getAsLong() - beganNanos;
    }
}

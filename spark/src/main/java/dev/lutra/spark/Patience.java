package dev.lutra.spark;

import dev.lutra.server.cluster.ClusterException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** How long a run waits for workers when all have gone: a machine may start again. For use by one thread. */
final class Patience {

    /** How often it looks for them. */
    static final long LOOK_MILLIS = 500;

    private static final long MOST_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final String master;
    private final LongSupplier nanos;
    private long seen;

    /** @param nanos a clock that only runs forward */
    Patience(String master, LongSupplier nanos) {
        this.master = master;
        this.nanos = nanos;
        seen = nanos.getAsLong();
    }

    /**
     * @param areThere whether there is a worker now
     * @throws ClusterException if there has been none for too long
     */
    void look(boolean areThere) {
        long now = nanos.getAsLong();
        if (areThere) {
            seen = now;
        } else if (now - seen > MOST_NANOS) {
            throw new ClusterException(master + ": no worker left for " + TimeUnit.NANOSECONDS.toMinutes(now - seen)
                + " min (the same command goes on from here when there is one)");
        }
    }
}

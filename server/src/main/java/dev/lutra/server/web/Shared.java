package dev.lutra.server.web;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What many ask for again and again, made once for all who ask at about the same time. Safe for use by several threads. */
final class Shared<T> {

    private final Supplier<T> source;
    private final Duration time;
    private final LongSupplier nanos;
    private T made;
    private long madeAt;

    /**
     * @param time after which it is made again
     * @param nanos a clock
     */
    Shared(Supplier<T> source, Duration time, LongSupplier nanos) {
        this.source = source;
        this.time = time;
        this.nanos = nanos;
    }

    synchronized T get() {
        long now = nanos.getAsLong();
        if (made == null || now - madeAt >= time.toNanos()) {
            made = source.get();
            madeAt = now;
        }
        return made;
    }
}

package dev.lutra.server.store;

import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** A transaction of one caller, which somebody commits, perhaps together with those of others. */
final class Step<R> {

    private final Function<Handle, R> work;
    private R value;
    private RuntimeException problem;
    private final Thread caller = Thread.currentThread();
    private volatile boolean over;

    Step(Function<Handle, R> work) {
        this.work = Objects.requireNonNull(work);
    }

    void run(Handle handle) {
        value = work.apply(handle);
    }

    /** It has failed by itself: nothing of it is to be kept. */
    void refuse(RuntimeException reason) {
        problem = reason;
    }

    /** What was run is on the disk. */
    void end() {
        over = true;
        unpark();
    }

    /** Nothing of what was run has been kept. */
    void fail(RuntimeException reason) {
        problem = reason;
        over = true;
        unpark();
    }

    /** For its caller, who has nothing to do until it is over or there is a turn for it. */
    void park() {
        LockSupport.park(this);
    }

    void unpark() {
        LockSupport.unpark(caller);
    }

    boolean isOver() {
        return over;
    }

    /** @throws RuntimeException what it failed with */
    R result() {
        if (problem != null) {
            throw problem;
        }
        return value;
    }
}

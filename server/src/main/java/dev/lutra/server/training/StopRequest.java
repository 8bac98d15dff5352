package dev.lutra.server.training;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Whether this process has been told to end (SIGTERM, SIGINT, SIGHUP) while something goes on that is worth keeping: the process then waits
 * until that is kept. Everything else ends at once, as a kill ends it.
 */
final class StopRequest implements AutoCloseable {

    /** A step and a checkpoint; whoever sends signals waits no longer before a SIGKILL. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final CountDownLatch kept = new CountDownLatch(1);
    private final Thread hook = new Thread(this::made, "stop");
    private volatile boolean isMade;

    private StopRequest() {}

    static StopRequest await() {
        StopRequest request = new StopRequest();
        try {
            Runtime.getRuntime().addShutdownHook(request.hook);
        } catch (IllegalStateException e) {
            request.isMade = true; // it ends already
        }
        return request;
    }

    private void made() {
        isMade = true;
        try {
            kept.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean isMade() {
        return isMade;
    }

    /** There is nothing to wait for any more. */
    @Override
    public void close() {
        kept.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It has begun.
        }
    }
}

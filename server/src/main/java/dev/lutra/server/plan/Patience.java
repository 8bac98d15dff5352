package dev.lutra.server.plan;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waits for somebody who may take longer than is worth waiting for, as a device that others use too.
 *
 * @param time after which he is interrupted and waited for no more
 */
record Patience(Duration time) {

    /**
     * What came of it; empty if it took too long.
     *
     * @throws RuntimeException that the work ended with
     */
    <T> Optional<T> waitFor(Callable<T> work) {
        ExecutorService worker = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "lutra-plan");
            thread.setDaemon(true);
            return thread;
        });
        try {
            return Optional.of(worker.submit(work).get(time.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for a device");
        } finally {
            worker.shutdownNow();
        }
    }
}

package dev.lutra.server.store;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Waits out trouble of storage, as long as it takes: a full disk or a locked database is put right by whoever reads the line that tells
 * of it, and then the work goes on where it was.
 */
public final class Patience {

    private static final Duration PAUSE = Duration.ofMillis(500);

    /** What is full has room for the small and none for the large: what succeeds so soon after trouble is no sign that it is over. */
    private static final Duration QUIET = Duration.ofSeconds(2);

    private final Consumer<String> say;
    private boolean isTold;
    private long metNanos;

    /** @param say told once what is waited for, and once that it is over, whoever meets it */
    public Patience(Consumer<String> say) {
        this.say = say;
    }

    /**
     * Does a step, again and again while storage fails it. The step must bear being repeated.
     *
     * @throws StorageException or what else the step failed with, if the thread is interrupted while it waits
     */
    public <R> R waitOut(Supplier<R> step) {
        boolean hasMet = false;
        while (true) {
            try {
                R result = step.get();
                if (hasMet) {
                    over();
                }
                return result;
            } catch (RuntimeException e) {
                Optional<String> trouble = StorageException.trouble(e);
                if (trouble.isEmpty()) {
                    throw e;
                }
                met(trouble.get());
                hasMet = true;
                pause(e);
            }
        }
    }

    /** Some step has failed, of whoever does not wait: the line is for who can put it right. */
    synchronized void met(String trouble) {
        metNanos = System.nanoTime();
        if (!isTold) {
            isTold = true;
            say.accept("storage: waiting, " + trouble + "; goes on by itself once that is over");
        }
    }

    /** Some step has succeeded. */
    synchronized void succeeded() {
        if (isTold && System.nanoTime() - metNanos > QUIET.toNanos()) {
            over();
        }
    }

    private synchronized void over() {
        if (isTold) {
            isTold = false;
            say.accept("storage: works again, going on");
        }
    }

    private static void pause(RuntimeException trouble) {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw trouble;
        }
    }
}

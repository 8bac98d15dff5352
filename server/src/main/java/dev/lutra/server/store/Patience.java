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

    private final Consumer<String> say;

    /** @param say told once what is waited for, and once that it is over */
    public Patience(Consumer<String> say) {
        this.say = say;
    }

    /**
     * Does a step, again and again while storage fails it. The step must bear being repeated.
     *
     * @throws StorageException or what else the step failed with, if the thread is interrupted while it waits
     */
    public <R> R waitOut(Supplier<R> step) {
        boolean told = false;
        while (true) {
            try {
                R result = step.get();
                if (told) {
                    say.accept("storage: works again, going on");
                }
                return result;
            } catch (RuntimeException e) {
                Optional<String> trouble = StorageException.trouble(e);
                if (trouble.isEmpty()) {
                    throw e;
                }
                if (!told) {
                    say.accept("storage: waiting, " + trouble.get() + "; goes on by itself once that is over");
                    told = true;
                }
                pause(e);
            }
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

package dev.lutra.agent.link;

import java.time.Duration;

/** Work that goes on beside the measuring as long as a session lasts; what ends it early is for the measuring thread to know. */
public final class SessionThread implements AutoCloseable {

    /** Ends with an exception or when interrupted. */
    public interface Work {
        void run() throws InterruptedException;
    }

    private static final Duration END = Duration.ofSeconds(5);

    private final Thread thread;
    private volatile Throwable failure;

    public SessionThread(String name, Work work, Runnable onFailure) {
        thread = new Thread(() -> {
            try {
                work.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | Error e) {
                // Memory that runs out here, too: nobody else would notice that nothing is leased or reported any more.
                failure = e;
                onFailure.run();
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** Throws what ended the work, if something did. */
    public void check() {
        Throwable thrown = failure;
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown != null) {
            throw (Error) thrown;
        }
    }

    /** Interrupts the work and waits for its end, so that nothing is done under this session any more. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(END.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package dev.lutra.server.web;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;

/**
 * Cuts off strangers who hold a thread by not sending what they have begun: the head of a request, a body before anybody knows who they
 * are, what is left of a request that was refused. The JDK's server has one limit for whole requests, which has to let large ones
 * through. A thread that waits for a channel closes it when it is interrupted.
 */
final class SlowCallers {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long LOOK_MILLIS = 1000;
    private static final Map<Thread, Long> WAITING = new HashMap<>();

    static {
        new Timer("lutra-slow-callers", true).schedule(new TimerTask() {
            @Override
            public void run() {
                look();
            }
        }, LOOK_MILLIS, LOOK_MILLIS);
    }

    private SlowCallers() {}

    /** The current thread waits for a stranger. */
    static void begin() {
        synchronized (WAITING) {
            WAITING.put(Thread.currentThread(), System.nanoTime());
        }
    }

    /** It waits no longer. */
    static void end() {
        synchronized (WAITING) {
            if (WAITING.remove(Thread.currentThread()) != null) {
                Thread.interrupted(); // what came too late is for nobody else
            }
        }
    }

    private static void look() {
        synchronized (WAITING) {
            long now = System.nanoTime();
            WAITING.forEach((thread, since) -> {
                if (now - since > PATIENCE.toNanos()) {
                    thread.interrupt();
                }
            });
        }
    }
}

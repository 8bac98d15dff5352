package dev.lutra.server.fleet;

import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Calls that wait, in real time, for something to happen; none of them holds a thread meanwhile. Each waits under a topic and is tried
 * again when that is {@link #wake woken}: what happens to others costs those who wait nothing.
 */
final class Waits {

    private static final int THREADS = 16;
    private static final long IDLE_SECONDS = 10;

    /** Shares the time of trying between one who waits and everybody else: trying may take a tenth of it. */
    private static final int PAUSE_A_TRY = 10;

    private final Duration recheck;
    private final Runnable overdue;
    private final Map<String, Deque<Waiting<?>>> byTopic = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean looking = new AtomicBoolean();
    private final Executor tries = threads();
    private final ScheduledThreadPoolExecutor timer = timer();

    /**
     * @param recheck how often to look, while somebody waits, for what nobody announces
     * @param overdue looks for it
     */
    Waits(Duration recheck, Runnable overdue) {
        this.recheck = recheck;
        this.overdue = overdue;
    }

    private static ThreadFactory named(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    private static Executor threads() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            named("lutra-wakes"));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, named("lutra-waits"));
        timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /**
     * What somebody waits for.
     *
     * @param topic it is tried again when this is woken …
     * @param about … by a subject that it is about
     * @param most so many wait under the topic; the one that has waited longest makes room for another
     * @param gather how long to wait after it was woken, for what else may happen
     * @param attempt the result, or empty for waiting on; tried at once
     * @param otherwise the result when the time is over
     * @param unwanted told a result that nobody waits for any more
     */
    record Wish<R>(String topic, Predicate<String> about, int most, Duration gather, Supplier<Optional<R>> attempt, Supplier<R> otherwise,
        Consumer<R> unwanted) {}

    /** Waits; whoever completes or cancels the future before ends it. What an attempt throws completes it. */
    <R> CompletableFuture<R> await(Wish<R> wish, Duration time) {
        Waiting<R> call = new Waiting<>(wish);
        if (time.isZero()) {
            call.tryNow();
            call.giveUp();
            return call;
        }
        enter(call); // ahead of the first try, so that nothing happens in between
        call.tryNow();
        if (!call.isDone()) {
            ScheduledFuture<?> end = timer.schedule(() -> tries.execute(call::giveUp), time.toNanos(), TimeUnit.NANOSECONDS);
            call.whenComplete((result, problem) -> end.cancel(false));
            lookAgain();
        }
        return call;
    }

    private <R> void enter(Waiting<R> call) {
        waiting.incrementAndGet();
        Deque<Waiting<?>> others = byTopic.compute(call.wish.topic(), (topic, there) -> {
            Deque<Waiting<?>> calls = there == null ? new ConcurrentLinkedDeque<>() : there;
            calls.add(call);
            return calls;
        });
        call.whenComplete((result, problem) -> leave(call));
        while (others.size() > call.wish.most()) {
            Waiting<?> oldest = others.peek();
            if (oldest != null) {
                oldest.giveUp();
                others.remove(oldest);
            }
        }
    }

    private void leave(Waiting<?> call) {
        waiting.decrementAndGet();
        byTopic.computeIfPresent(call.wish.topic(), (topic, calls) -> {
            calls.remove(call);
            return calls.isEmpty() ? null : calls;
        });
    }

    /** Something about the topic has changed. */
    void wake(String topic, String subject) {
        Deque<Waiting<?>> calls = byTopic.get(topic);
        if (calls != null) {
            calls.stream().filter(call -> call.wish.about().test(subject)).forEach(Waiting::tryLater);
        }
    }

    /** How many wait. */
    int size() {
        return waiting.get();
    }

    private void lookAgain() {
        if (looking.compareAndSet(false, true)) {
            timer.schedule(() -> tries.execute(this::look), recheck.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void look() {
        looking.set(false);
        if (size() > 0) {
            lookAgain();
            overdue.run();
        }
    }

    private final class Waiting<R> extends CompletableFuture<R> {

        private final Wish<R> wish;
        private final AtomicBoolean toTry = new AtomicBoolean();
        private volatile long pauseNanos;

        Waiting(Wish<R> wish) {
            this.wish = wish;
            this.pauseNanos = wish.gather().toNanos();
        }

        void tryLater() {
            if (toTry.compareAndSet(false, true)) {
                Runnable attempt = () -> {
                    toTry.set(false);
                    tryNow();
                };
                if (pauseNanos > 0) {
                    timer.schedule(() -> tries.execute(attempt), pauseNanos, TimeUnit.NANOSECONDS);
                } else {
                    tries.execute(attempt);
                }
            }
        }

        synchronized void tryNow() {
            if (isDone()) {
                return;
            }
            long begin = System.nanoTime();
            try {
                wish.attempt().get().ifPresent(result -> {
                    if (!complete(result)) {
                        wish.unwanted().accept(result);
                    }
                });
            } catch (RuntimeException e) {
                completeExceptionally(e);
            }
            if (!wish.gather().isZero()) {
                pauseNanos = Math.max(wish.gather().toNanos(), PAUSE_A_TRY * (System.nanoTime() - begin));
            }
        }

        void giveUp() {
            try {
                if (!isDone()) {
                    complete(wish.otherwise().get());
                }
            } catch (RuntimeException e) {
                completeExceptionally(e);
            }
        }
    }
}

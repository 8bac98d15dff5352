package dev.lutra.server.web;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams of server-sent events (WHATWG HTML, 9.2). Each looks for news now and then and holds no thread meanwhile; a client that takes
 * nothing holds one until its connection is closed, so there are few.
 */
final class EventStreams implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);
    private static final int MOST = 24;
    private static final int THREADS = 8;
    /** How often each looks for news. */
    static final Duration EVERY = Duration.ofMillis(500);
    /** By which a client that has gone is found, and one that is there knows that nothing happens. */
    private static final int BEATS = 20;

    private final ScheduledExecutorService clock;
    private final Set<Stream> open = ConcurrentHashMap.newKeySet();

    EventStreams() {
        this(Executors.newScheduledThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "lutra-events");
            thread.setDaemon(true);
            return thread;
        }));
    }

    /** @param clock of all turns; closed with these */
    EventStreams(ScheduledExecutorService clock) {
        this.clock = clock;
    }

    /** Where events come from. */
    @FunctionalInterface
    interface Source {

        /** What came since it was asked last, as the lines of events; empty where nothing did. */
        String next();
    }

    private final class Stream {

        private final HttpExchange exchange;
        private final Source source;
        private final AtomicBoolean closed = new AtomicBoolean();
        private volatile ScheduledFuture<?> turns;
        private int quiet;

        Stream(HttpExchange exchange, Source source) {
            this.exchange = exchange;
            this.source = source;
        }

        void begin() {
            turns = clock.scheduleWithFixedDelay(this::turn, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
            if (closed.get()) {
                turns.cancel(false); // the first turn was over before this was known to it
            }
        }

        private void turn() {
            try {
                String news = source.next();
                quiet = news.isEmpty() ? quiet + 1 : 0;
                if (!news.isEmpty() || quiet % BEATS == 0) {
                    OutputStream out = exchange.getResponseBody();
                    out.write((news.isEmpty() ? ": nothing new\n\n" : news).getBytes(StandardCharsets.UTF_8));
                    out.flush();
                }
            } catch (IOException e) {
                LOG.debug("{}: nobody takes the events", exchange.getRequestURI().getPath(), e);
                close();
            } catch (RuntimeException e) {
                LOG.warn("{}: the stream ends", exchange.getRequestURI().getPath(), e);
                close();
            }
        }

        void close() {
            if (closed.compareAndSet(false, true)) {
                open.remove(this);
                if (turns != null) {
                    turns.cancel(false);
                }
                exchange.close();
            }
        }
    }

    /** Answers with events until the client goes. */
    boolean open(Call call, Source source) throws IOException {
        if (open.size() >= MOST) {
            throw new Refusal(503, "events: " + MOST + " others look on (expected: fewer; ask for the view now and then)");
        }
        HttpExchange exchange = call.exchange();
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        Stream stream = new Stream(exchange, source);
        open.add(stream);
        stream.begin();
        return false;
    }

    @Override
    public void close() {
        open.forEach(Stream::close);
        clock.shutdownNow();
    }
}

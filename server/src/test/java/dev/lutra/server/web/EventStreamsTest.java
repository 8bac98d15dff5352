package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lutra.server.access.Caller;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EventStreamsTest {

    /** A source that fails at once may do so before the stream knows by what its turns are ended. */
    @Test
    void aStreamWhoseFirstTurnFailsHasNoOther() throws Exception {
        CompletableFuture<ScheduledFuture<?>> turns = new CompletableFuture<>();
        ScheduledThreadPoolExecutor atOnce = new ScheduledThreadPoolExecutor(1) {
            @Override
            public ScheduledFuture<?> scheduleWithFixedDelay(Runnable turn, long first, long every, TimeUnit unit) {
                turn.run();
                ScheduledFuture<?> later = super.scheduleWithFixedDelay(turn, 1, 1, TimeUnit.HOURS);
                turns.complete(later);
                return later;
            }
        };
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try (EventStreams streams = new EventStreams(atOnce)) {
            CompletableFuture<Void> opened = new CompletableFuture<>();
            server.createContext("/", exchange -> {
                streams.open(new Call(exchange, Caller.ANYONE, Map.of()), () -> {
                    throw new IllegalStateException("its folder was deleted");
                });
                opened.complete(null);
            });
            server.start();
            HttpClient.newHttpClient().sendAsync(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.getAddress().getPort())).build(),
                BodyHandlers.discarding());
            opened.get(1, TimeUnit.MINUTES);
            assertThat(turns.get().isCancelled()).isTrue();
        } finally {
            server.stop(0);
        }
    }
}

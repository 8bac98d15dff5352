package dev.lutra.server.web;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.lutra.InputException;
import dev.lutra.server.fleet.AgentCalls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/** The pages of a server, and the agent protocol for those pages, on a TCP port. */
public final class WebServer implements AutoCloseable {

    /** What a terminal has to be able to show for {@link #joinCode}. */
    public static final String CODE_CHARACTERS = QrCode.CHARACTERS;

    private static final long CLOSE_SECONDS = 5;
    private static final int THREADS = 64;

    /**
     * Limits of the JDK's server, which it reads once: connections at a time, and the seconds in which a request has to be there from its
     * first byte to its last, and its answer taken, a model's file included.
     */
    private static final Map<String, String> LIMITS = Map.of(
        "jdk.httpserver.maxConnections", "1024", "sun.net.httpserver.maxReqTime", "60", "sun.net.httpserver.maxRspTime", "900");

    static {
        LIMITS.forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
    }

    /**
     * Nothing from elsewhere, nothing inline; WebAssembly is what the runtime is made of. The opener and embedder policies
     * are what browsers ask for before they give a page threads and a finer clock.
     */
    private static final Map<String, String> HEADERS = Map.of(
        "Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self';"
            + " connect-src 'self'; style-src 'self'; img-src blob: data:; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'",
        "Cross-Origin-Opener-Policy", "same-origin",
        "Cross-Origin-Embedder-Policy", "require-corp",
        "Cross-Origin-Resource-Policy", "same-origin",
        "Referrer-Policy", "no-referrer",
        "X-Content-Type-Options", "nosniff");

    /**
     * Where and how to serve.
     *
     * @param host name or address of the interface to listen on
     * @param port 0 for a free one
     */
    public record Settings(String host, int port, Encryption encryption) {}

    private final HttpServer server;
    private final ExecutorService calls;
    private final AgentApi api;
    private final String joinLink;

    private WebServer(HttpServer server, ExecutorService calls, AgentApi api, String joinLink) {
        this.server = server;
        this.calls = calls;
        this.api = api;
        this.joinLink = joinLink;
    }

    /**
     * Starts to listen.
     *
     * @throws InputException when it cannot listen there, or the certificate is of no use
     */
    public static WebServer start(Settings settings, String token, AgentCalls agentCalls) {
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        HttpServer server = bind(settings, address);
        String scheme = settings.encryption() instanceof Encryption.None ? "http" : "https";
        String joinLink = scheme + "://" + OwnAddress.inUrl(address.getAddress()) + ":" + server.getAddress().getPort()
            + "/agent#token=" + token;
        // A call that is read or written holds a thread, one that waits does not. Connections that are slow are closed after a while.
        ThreadPoolExecutor calls = new ThreadPoolExecutor(THREADS, THREADS, CLOSE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            task -> {
                Thread thread = new Thread(task, "lutra-page");
                thread.setDaemon(true);
                return thread;
            });
        calls.allowCoreThreadTimeOut(true);
        AgentApi api = new AgentApi(agentCalls, token, joinLink, calls);
        server.createContext("/", withHeaders(new Pages()));
        server.createContext("/api/", withHeaders(api));
        server.setExecutor(calls);
        server.start();
        return new WebServer(server, calls, api, joinLink);
    }

    private static HttpServer bind(Settings settings, InetSocketAddress address) {
        String where = settings.host() + ":" + settings.port();
        if (address.isUnresolved()) {
            throw new InputException("cannot serve pages on " + where + " (no such host)");
        }
        try {
            if (settings.encryption() instanceof Encryption.None) {
                return HttpServer.create(address, 0);
            }
            SSLContext context = settings.encryption() instanceof Encryption.Certificate files
                ? Tls.of(files)
                : Tls.of((Encryption.SelfSigned) settings.encryption(), OwnAddress.all(address.getAddress()), Instant.now());
            HttpsServer server = HttpsServer.create(address, 0);
            server.setHttpsConfigurator(new HttpsConfigurator(context));
            return server;
        } catch (IOException e) {
            throw new InputException("cannot serve pages on " + where + " (" + e.getMessage() + ")", e);
        }
    }

    private static HttpHandler withHeaders(HttpHandler handler) {
        return exchange -> {
            HEADERS.forEach(exchange.getResponseHeaders()::set);
            handler.handle(exchange);
        };
    }

    /** The port that it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** What a device has to open to join, token included. */
    public String joinLink() {
        return joinLink;
    }

    /** The join link as a QR code to print in a terminal. */
    public String joinCode() {
        return new QrCode(joinLink).asText();
    }

    /** Ends all calls; afterwards nothing of this server uses the queue. */
    @Override
    public void close() {
        api.endWaits(); // those that wait are told that there is nothing
        calls.shutdown();
        server.stop(0);
        try {
            calls.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

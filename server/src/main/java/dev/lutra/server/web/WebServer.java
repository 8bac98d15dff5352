package dev.lutra.server.web;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Door;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.FleetCalls;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.tls.OwnAddress;
import dev.lutra.server.tls.ServerKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;

/** The pages of a server, and the agent protocol for those pages, on a TCP port. */
public final class WebServer implements AutoCloseable {

    /** What a terminal has to be able to show for {@link #code}. */
    public static final String CODE_CHARACTERS = QrCode.CHARACTERS;

    private static final long CLOSE_SECONDS = 5;
    private static final int THREADS = 256;

    /**
     * Limits of the JDK's server, which it reads once: connections at a time; the seconds in which a request has to be there from its
     * first byte to its last, and its answer taken, a model's file included; the seconds that a connection may say nothing, and how often,
     * in milliseconds, that is looked at; and the bytes that are read of what a call has left unread, so that who is still sending comes to
     * read the answer: more than any call takes.
     */
    private static final Map<String, String> LIMITS = Map.of(
        "jdk.httpserver.maxConnections", "1024", "sun.net.httpserver.maxReqTime", "60", "sun.net.httpserver.maxRspTime", "900",
        "sun.net.httpserver.idleInterval", "5", "sun.net.httpserver.clockTick", "1000",
        "sun.net.httpserver.drainAmount", Integer.toString(128 << 20));

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
     * Where to serve.
     *
     * @param host name or address of the interface to listen on
     * @param port 0 for a free one
     * @param names by which others reach this server besides those of the machine
     */
    public record Settings(String host, int port, List<String> names) {}

    private static final Settings HERE = new Settings("127.0.0.1", 0, List.of());

    private final HttpServer server;
    private final ExecutorService calls;
    private final Optional<Access> access;
    private final List<RouteGroup> groups;
    private final String address;

    private WebServer(HttpServer server, ExecutorService calls, Optional<Access> access, List<RouteGroup> groups, String address) {
        this.groups = groups;
        this.server = server;
        this.calls = calls;
        this.access = access;
        this.address = address;
    }

    /**
     * Starts to listen.
     *
     * @param key with which connections are encrypted; empty: they are not
     * @param others calls besides those of the protocol
     * @throws InputException when it cannot listen there
     */
    public static WebServer start(Settings settings, Optional<ServerKey> key, Access access, TaskQueue queue, ModelStore models,
        RouteGroup... others) {
        ThreadPoolExecutor calls = threads();
        List<RouteGroup> groups = new ArrayList<>(List.of(new ProtocolRoutes(access, new AgentCalls(queue, models),
            new FleetCalls(queue, models, access::removeKey), calls)));
        groups.addAll(List.of(others));
        groups.add(new OpenApi(() -> routes(groups)));
        HttpServer server = bind(settings, key, new InetSocketAddress(settings.host(), settings.port()));
        return start(server, settings, key, access, Optional.of(access), calls, groups);
    }

    /**
     * Starts to listen for browsers of this machine alone that look at something; no device joins there.
     *
     * @param door lets in who may look
     */
    public static WebServer show(Door door, RouteGroup... shown) {
        return show(bindHere(), door, shown);
    }

    /** The same on a port that was taken before. */
    static WebServer show(HttpServer bound, Door door, RouteGroup... shown) {
        return start(bound, HERE, Optional.empty(), door, Optional.empty(), threads(), List.of(shown));
    }

    /** Takes a port of this machine alone; nobody is answered there yet. */
    static HttpServer bindHere() {
        return bind(HERE, Optional.empty(), new InetSocketAddress(HERE.host(), HERE.port()));
    }

    private static WebServer start(HttpServer server, Settings settings, Optional<ServerKey> key, Door door, Optional<Access> access,
        ThreadPoolExecutor calls, List<RouteGroup> groups) {
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        String reached = (key.isPresent() ? "https" : "http") + "://" + settings.names().stream().findFirst()
            .orElse(OwnAddress.inUrl(address.getAddress())) + ":" + server.getAddress().getPort();
        Set<String> hosts = hosts(settings, key, address.getAddress());
        server.createContext("/", withHeaders(new Guard(hosts, new Router(door, routes(groups), new Pages()))));
        server.setExecutor(calls);
        server.start();
        return new WebServer(server, calls, access, groups, reached);
    }

    private static ThreadPoolExecutor threads() {
        // A call that is read or written holds a thread, one that waits does not.
        ThreadPoolExecutor calls = new PageThreads(THREADS, THREADS, CLOSE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            task -> {
                Thread thread = new Thread(task, "lutra-page");
                thread.setDaemon(true);
                return thread;
            });
        calls.allowCoreThreadTimeOut(true);
        return calls;
    }

    /** What the JDK's server has them do begins with a request's head. */
    private static final class PageThreads extends ThreadPoolExecutor {

        PageThreads(int core, int most, long keepAlive, TimeUnit unit, BlockingQueue<Runnable> queue, ThreadFactory threads) {
            super(core, most, keepAlive, unit, queue, threads);
        }

        @Override
        protected void beforeExecute(Thread thread, Runnable task) {
            SlowCallers.begin();
        }

        @Override
        protected void afterExecute(Runnable task, Throwable problem) {
            SlowCallers.end();
        }
    }

    /** As requests name this server: every name and address of the machine, of the certificate, and those that the owner adds. */
    private static Set<String> hosts(Settings settings, Optional<ServerKey> key, InetAddress listening) {
        return Stream.of(OwnAddress.all(listening), settings.names(), List.of(settings.host(), "[::1]", OwnAddress.inUrl(listening)),
            key.map(ServerKey::names).orElse(List.of()))
            .flatMap(List::stream).map(name -> name.toLowerCase(Locale.ROOT))
            .map(name -> name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name).collect(Collectors.toSet());
    }

    private static HttpServer bind(Settings settings, Optional<ServerKey> key, InetSocketAddress address) {
        String where = settings.host() + ":" + settings.port();
        if (address.isUnresolved()) {
            throw new InputException("cannot serve pages on " + where + " (no such host)");
        }
        try {
            if (key.isEmpty()) {
                return HttpServer.create(address, 0);
            }
            HttpsServer server = HttpsServer.create(address, 0);
            server.setHttpsConfigurator(new HttpsConfigurator(key.get().context()) {
                @Override
                public void configure(HttpsParameters connection) {
                    SSLParameters parameters = getSSLContext().getDefaultSSLParameters();
                    parameters.setNeedClientAuth(key.get().clients().isPresent());
                    connection.setSSLParameters(parameters);
                }
            });
            return server;
        } catch (IOException e) {
            throw new InputException("cannot serve pages on " + where + " (" + e.getMessage() + ")", e);
        }
    }

    private static HttpHandler withHeaders(HttpHandler handler) {
        return exchange -> {
            SlowCallers.end();
            HEADERS.forEach(exchange.getResponseHeaders()::set);
            exchange.getRequestBody(); // only what has been asked for is read to its end, and what is not ends in a reset
            handler.handle(exchange);
        };
    }

    /** The port that it listens on. */
    public int port() {
        return server.getAddress().getPort();
    }

    /** Every call that it answers. */
    public List<Route> routes() {
        return routes(groups);
    }

    private static List<Route> routes(List<RouteGroup> groups) {
        return groups.stream().map(RouteGroup::routes).flatMap(List::stream).toList();
    }

    /** Where browsers reach it, {@code scheme://host:port}. */
    public String address() {
        return address;
    }

    /** What a device has to open to join, with a new token that is good for one device and an hour. */
    public String joinLink() {
        return address + "/agent#token=" + access.orElseThrow().tokens().create(Role.JOINING, Duration.ZERO, "").token();
    }

    /** A link as a QR code to print in a terminal. */
    public static String code(String link) {
        return new QrCode(link).asText();
    }

    /** Ends all calls; afterwards nothing of this server uses the queue. */
    @Override
    public void close() {
        groups.forEach(RouteGroup::end); // those that wait are told that there is nothing
        calls.shutdown();
        server.stop(0);
        try {
            calls.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

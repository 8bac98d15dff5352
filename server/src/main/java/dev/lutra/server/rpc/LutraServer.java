package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.OwnDevice;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.FleetCalls;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.tls.ServerKey;
import io.grpc.BindableService;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** A queue, its models, its agents and who may speak to them, on a TCP port. */
public final class LutraServer implements AutoCloseable {

    /** Says of every stranger that it speaks another protocol. A field, because the JDK forgets loggers nobody holds. */
    private static final Logger GRPC_LOG = Logger.getLogger("io.grpc");

    /** Says of every request that is too large where in gRPC that was noticed; its caller is told. */
    private static final Logger STREAM_LOG = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerStream");

    static {
        GRPC_LOG.setLevel(Level.WARNING);
        STREAM_LOG.setLevel(Level.SEVERE);
    }

    /** Silence on a connection after which the peer has to show that it is there, and how long it may take for that. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(20);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(10);

    /** Agents may ask after the server this often; gRPC's own limit of 5 minutes would cut them off. */
    private static final Duration MIN_PEER_KEEP_ALIVE = Duration.ofSeconds(5);

    /** Calls of one connection at a time: an agent has three, a run one for every device. */
    private static final int MOST_CALLS = 256;

    /** Calls that a connection begins and gives up at once; one that does so more often is closed (CVE-2023-44487). */
    private static final int MOST_RESETS = 200;
    private static final int RESET_SECONDS = 30;

    /** A connection without calls is closed after so long; those who need it again make another. */
    private static final Duration IDLE = Duration.ofMinutes(10);

    private static final int THREADS = 64;
    private static final long FINISH_MILLIS = 250;
    private static final long CLOSE_SECONDS = 5;

    private final Server server;
    private final ExecutorService calls;

    private LutraServer(Server server, ExecutorService calls) {
        this.server = server;
        this.calls = calls;
    }

    /**
     * Starts to listen.
     *
     * @param key with which connections are encrypted; empty: they are not
     * @param host name or address of the interface to listen on
     * @param port 0 for a free one
     * @param others calls besides those about devices and who may join
     * @throws InputException when it cannot listen there
     */
    public static LutraServer start(String host, int port, Optional<ServerKey> key, Access access, TaskQueue queue, ModelStore models,
        BindableService... others) {
        // Calls that wait hold no thread, and those that store something share the disk's time.
        ThreadPoolExecutor calls = new ThreadPoolExecutor(THREADS, THREADS, CLOSE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            task -> {
                Thread thread = new Thread(task, "lutra-call");
                thread.setDaemon(true);
                return thread;
            });
        calls.allowCoreThreadTimeOut(true);
        CallRate rate = new CallRate(System::nanoTime);
        AgentCalls agentCalls = new AgentCalls(queue, models);
        FleetCalls fleetCalls = new FleetCalls(queue, models, access::removeKey);
        List<ServerServiceDefinition> services = Stream.concat(Stream.of(new AgentService(agentCalls), new FleetService(fleetCalls),
            new AccessService(access, fleetCalls)), Stream.of(others))
            .map(BindableService::bindService).toList();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(host, port), key.map(LutraServer::credentials)
            .orElse(InsecureServerCredentials.create()))
            .executor(calls)
            .addServices(services)
            .addStreamTracerFactory(new RequestSizes(services))
            .decompressorRegistry(DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false)) // so that sizes are what is sent
            .intercept(new AccessInterceptor(access, new OwnDevice(agentCalls::device)))
            .intercept(new ErrorReplies())
            .intercept(new VersionInterceptor())
            .intercept(rate) // the last one comes first
            .addTransportFilter(rate)
            .maxConcurrentCallsPerConnection(MOST_CALLS)
            .maxRstFramesPerWindow(MOST_RESETS, RESET_SECONDS)
            .maxConnectionIdle(IDLE.toSeconds(), TimeUnit.SECONDS)
            .maxInboundMessageSize(FleetCalls.MOST_MESSAGE_BYTES)
            .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
            .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .permitKeepAliveTime(MIN_PEER_KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .build();
        try {
            return new LutraServer(server.start(), calls);
        } catch (IOException e) {
            calls.shutdown();
            throw new InputException("cannot listen on " + host + ":" + port + " (" + Transfer.reason(e) + ")", e);
        }
    }

    private static ServerCredentials credentials(ServerKey key) {
        TlsServerCredentials.Builder tls = TlsServerCredentials.newBuilder().keyManager(key.managers());
        key.clients().ifPresent(known -> tls.trustManager(known.trust()).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE));
        return tls.build();
    }

    /** Every call that it answers. */
    List<MethodDescriptor<?, ?>> methods() {
        return server.getServices().stream().flatMap(service -> service.getServiceDescriptor().getMethods().stream())
            .<MethodDescriptor<?, ?>>map(method -> method).toList();
    }

    /** The port that it listens on. */
    public int port() {
        return server.getPort();
    }

    /** Ends all calls; afterwards nothing of this server uses the queue. */
    @Override
    public void close() {
        try {
            // A lease whose reply gets lost has to run out, so what is being answered is answered. Calls that wait are cut.
            if (!server.shutdown().awaitTermination(FINISH_MILLIS, TimeUnit.MILLISECONDS)) {
                server.shutdownNow().awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
            }
            calls.shutdownNow();
            calls.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            calls.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}

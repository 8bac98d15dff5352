package dev.lutra.agent.link;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Task;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.content.Sha256;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/** A server on a real socket that keeps no state beyond its queue and answers as a test tells it to. */
public final class ScriptedServer extends AgentServiceGrpc.AgentServiceImplBase implements ServerInterceptor, AutoCloseable {

    public static final String TOKEN = "s3cret";
    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    public final BlockingQueue<LeasedTask> queue = new LinkedBlockingQueue<>();
    public final Map<String, byte[]> models = new ConcurrentHashMap<>();
    public final List<JoinRequest> joins = new CopyOnWriteArrayList<>();
    public final List<LeaseRequest> leases = new CopyOnWriteArrayList<>();
    public final List<RenewRequest> renewals = new CopyOnWriteArrayList<>();
    public final List<String> fetches = new CopyOnWriteArrayList<>();
    public final List<ReportRequest> reports = new CopyOnWriteArrayList<>();
    public final Set<String> sessions = ConcurrentHashMap.newKeySet();
    public final ScriptedAccess access = new ScriptedAccess();

    /** A renewal may take a quarter of it: one that takes longer on a busy machine would count as a lost server. */
    public volatile long leaseMillis = 60_000;
    public volatile Supplier<JoinReply> onJoin = () -> {
        String session = "session-" + joins.size();
        sessions.add(session);
        return JoinReply.newBuilder().setSession(session).setLeaseMillis(leaseMillis).build();
    };
    /** Small, so that the models of these tests come in several. */
    public volatile int chunkBytes = 50;
    public volatile Runnable onFetch = () -> {};
    public volatile Function<RenewRequest, RenewReply> onRenew = request -> RenewReply.newBuilder().addAllHeld(request.getLeasesList()).build();
    public volatile Function<ReportRequest, ReportReply> onReport = request -> ReportReply.newBuilder().setAccepted(true).build();

    /** That it says it speaks; null: a server of before that was told. */
    public volatile String protocol = Integer.toString(ProtocolVersion.CURRENT);

    private Server server;
    private int port;

    public ScriptedServer() {
        start();
    }

    /** Listens, after a stop on the same port. */
    public void start() {
        try {
            server = Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
                .addService(this).addService(access).intercept(this).build().start();
            port = server.getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Breaks all connections, forgets all sessions. */
    public void stop() throws InterruptedException {
        server.shutdownNow().awaitTermination();
        sessions.clear();
        access.bearers.clear();
    }

    /** Breaks all connections, and is away until an agent has looked for it in vain. */
    public void stopUntilItIsMissed() throws InterruptedException {
        stop();
        try (ServerSocket nobody = nobody()) {
            nobody.accept().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes the place of the stopped server, to tell when an agent looks for it. */
    public ServerSocket nobody() throws IOException {
        ServerSocket nobody = new ServerSocket();
        nobody.setReuseAddress(true);
        nobody.bind(new InetSocketAddress(port));
        return nobody;
    }

    public ServerAddress address() {
        return new ServerAddress("localhost", port);
    }

    /** Stores a model and queues a task for it. */
    public void enqueue(byte[] model, Task.Builder task) {
        String sha256 = Sha256.of(model);
        models.put(sha256, model);
        queue.add(LeasedTask.newBuilder().setTask(task.setModelSha256(sha256)).setEpoch(1).build());
    }

    /** Waits for as long as a very busy machine may take: the limit only ends a test that would hang. */
    public static void eventually(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + LONGEST + ": " + what);
            }
            Thread.sleep(10);
        }
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String method = call.getMethodDescriptor().getBareMethodName();
        String shown = String.valueOf(headers.get(AUTHORIZATION)).replaceFirst("^Bearer ", "");
        boolean open = method.equals("Challenge") || method.equals("Authenticate");
        if (open || (method.equals("Enroll") ? shown.equals(TOKEN) : access.bearers.contains(shown))) {
            return next.startCall(telling(call), headers);
        }
        call.close(Status.UNAUTHENTICATED.withDescription("wrong token"), new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private <Q, A> ServerCall<Q, A> telling(ServerCall<Q, A> call) {
        return new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata headers) {
                if (protocol != null) {
                    headers.put(ProtocolVersion.HEADER, protocol);
                }
                super.sendHeaders(headers);
            }
        };
    }

    @Override
    public void join(JoinRequest request, StreamObserver<JoinReply> reply) {
        joins.add(request);
        answer(reply, onJoin);
    }

    @Override
    public void lease(LeaseRequest request, StreamObserver<LeaseReply> reply) {
        leases.add(request);
        answer(reply, () -> {
            List<LeasedTask> tasks = new ArrayList<>();
            try {
                LeasedTask first = queue.poll(Math.min(request.getWaitMillis(), 300), TimeUnit.MILLISECONDS);
                if (first != null) {
                    tasks.add(first);
                    queue.drainTo(tasks, request.getMaxTasks() - 1);
                }
                checkSession(request.getSession());
            } catch (InterruptedException e) {
                throw Status.UNAVAILABLE.withDescription("shutting down").asRuntimeException();
            } catch (StatusRuntimeException e) {
                // A call that began before the restart must not swallow what was queued after it.
                queue.addAll(tasks);
                throw e;
            }
            return LeaseReply.newBuilder().addAllTasks(tasks).build();
        });
    }

    @Override
    public void renew(RenewRequest request, StreamObserver<RenewReply> reply) {
        renewals.add(request);
        answer(reply, () -> {
            checkSession(request.getSession());
            return onRenew.apply(request);
        });
    }

    @Override
    public void fetchModel(FetchModelRequest request, StreamObserver<ModelChunk> reply) {
        fetches.add(request.getSha256());
        onFetch.run();
        byte[] model = models.get(request.getSha256());
        if (model == null || !sessions.contains(request.getSession())) {
            reply.onError(Status.NOT_FOUND.withDescription("nothing of that name").asRuntimeException());
            return;
        }
        for (int from = 0; from < model.length; from += chunkBytes) {
            reply.onNext(ModelChunk.newBuilder()
                .setData(ByteString.copyFrom(model, from, Math.min(chunkBytes, model.length - from))).build());
        }
        reply.onCompleted();
    }

    @Override
    public void report(ReportRequest request, StreamObserver<ReportReply> reply) {
        reports.add(request);
        answer(reply, () -> {
            checkSession(request.getSession());
            return onReport.apply(request);
        });
    }

    /** The tasks with a report, each once: an agent that never got the answer reports again. */
    public List<String> reported() {
        return reports.stream().map(report -> report.getLease().getTaskId()).distinct().toList();
    }

    private void checkSession(String session) {
        if (!sessions.contains(session)) {
            throw Status.NOT_FOUND.withDescription("unknown session").asRuntimeException();
        }
    }

    private static <A> void answer(StreamObserver<A> reply, Supplier<A> answer) {
        try {
            reply.onNext(answer.get());
            reply.onCompleted();
        } catch (StatusRuntimeException e) {
            reply.onError(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }
}

package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AccessServiceGrpc.AccessServiceBlockingStub;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.CompareDevicesRequest;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.FleetServiceGrpc.FleetServiceBlockingStub;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ListTasksRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.PutModelReply;
import dev.lutra.proto.RunServiceGrpc;
import dev.lutra.proto.RunServiceGrpc.RunServiceBlockingStub;
import dev.lutra.proto.Standing;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.TaskState;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.Fleet;
import dev.lutra.server.fleet.FleetCalls;
import dev.lutra.server.fleet.ServerException;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.store.ModelStore;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObservers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The fleet of a server elsewhere. Once connected it bears with a server that is away for a while, for instance while it
 * is started again. What cannot be put right by waiting is an {@link InputException} that names the server.
 */
public final class RemoteFleet implements Fleet, AutoCloseable {

    /** How long a server may be away before a call gives up. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration RETRY_PAUSE = Duration.ofMillis(500);

    /** Beyond the time that a call is meant to wait. */
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(20);

    /** For a gibibyte over a slow line. */
    private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(30);

    private static final Duration KEEP_ALIVE = Duration.ofSeconds(20);

    private static final int TASKS_AT_ONCE = 1000;

    /** What a server says that could not do what it was asked for. */
    private static final Set<Status.Code> TROUBLE = EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.INTERNAL);

    private final ServerAddress server;
    private final String address;
    private final ManagedChannel connection;
    private final Channel channel;
    private final Consumer<String> say;
    private final Supplier<Submitter> by;
    private Duration patience = Duration.ZERO;

    private RemoteFleet(ServerAddress server, ManagedChannel connection, String token, Supplier<Submitter> by, Consumer<String> say) {
        this.server = server;
        this.address = server.shown();
        this.by = by;
        this.say = say;
        this.connection = connection;
        this.channel = ClientInterceptors.intercept(connection, TokenHeader.showing(token));
    }

    /** As {@link #connect(ServerAddress, String, Consumer)}, telling nobody what is waited for. */
    public static RemoteFleet connect(ServerAddress address, String token) {
        return connect(address, token, line -> {});
    }

    /** As {@link #connect(ServerAddress, String, Supplier, Consumer)}, for a process with the usual priority. */
    public static RemoteFleet connect(ServerAddress address, String token, Consumer<String> say) {
        Submitter somebody = Submitter.somebody(0);
        return connect(address, token, () -> somebody, say);
    }

    /**
     * Connects to a server.
     *
     * @param by who submits tasks, with a priority of -100 to 100; both may change
     * @param say told when the server is away, and when it is back
     * @throws InputException when there is no such server or it does not take the token
     */
    public static RemoteFleet connect(ServerAddress address, String token, Supplier<Submitter> by, Consumer<String> say) {
        RemoteFleet fleet = new RemoteFleet(address, channel(address), token, by, say);
        try {
            fleet.list(ListAgentsRequest.newBuilder().setMost(1));
        } catch (RuntimeException e) {
            fleet.close();
            throw e;
        }
        fleet.patience = PATIENCE;
        return fleet;
    }

    private static ManagedChannel channel(ServerAddress address) {
        return address.channel()
            .maxInboundMessageSize(FleetCalls.MOST_MESSAGE_BYTES)
            .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
            .build();
    }

    /** Makes one call of an operator's, about tokens and devices. A server in trouble is not waited for: whoever asks is there. */
    public <R> R access(Function<AccessServiceBlockingStub, R> call) {
        return call(false, () -> call.apply(AccessServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)));
    }

    /** Makes one call about runs on the server, as {@link #access}. */
    public <R> R runs(Function<RunServiceBlockingStub, R> call) {
        return call(false,
            () -> call.apply(RunServiceGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)));
    }

    /** Makes a call about runs whose reply is long, such as a file. */
    public <R> R longReply(Function<RunServiceBlockingStub, R> call) {
        return call(() -> call.apply(RunServiceGrpc.newBlockingStub(channel).withDeadlineAfter(UPLOAD_TIMEOUT.toSeconds(), TimeUnit.SECONDS)));
    }

    @Override
    public List<AgentState> agents() {
        List<AgentState> all = new ArrayList<>();
        List<AgentState> more = list(ListAgentsRequest.newBuilder());
        while (!more.isEmpty()) {
            all.addAll(more);
            more = list(ListAgentsRequest.newBuilder().setAfter(all.get(all.size() - 1).getDevice().getName()));
        }
        return all;
    }

    @Override
    public Optional<AgentState> agent(String device) {
        return list(ListAgentsRequest.newBuilder().setDevice(device)).stream().findFirst();
    }

    /**
     * Tasks that are not done, by device and in the order of submission.
     *
     * @param device of this one alone; empty: of all
     * @param owner of this one alone; empty: of all
     */
    public List<TaskState> unfinished(String device, String owner) {
        List<TaskState> all = new ArrayList<>();
        ListTasksRequest.Builder request = ListTasksRequest.newBuilder().setDevice(device).setOwner(owner).setMost(TASKS_AT_ONCE);
        List<TaskState> more = listTasks(request);
        while (!more.isEmpty()) {
            all.addAll(more);
            TaskState last = all.get(all.size() - 1);
            more = listTasks(request.setAfterDevice(last.getDevice()).setAfterPosition(last.getPosition()));
        }
        return all;
    }

    private List<TaskState> listTasks(ListTasksRequest.Builder request) {
        return call(() -> stub(Duration.ZERO).listTasks(request.build()).getTasksList());
    }

    private List<AgentState> list(ListAgentsRequest.Builder request) {
        return call(() -> stub(Duration.ZERO).listAgents(request.build()).getAgentsList());
    }

    /** How devices stand beside others of their kind, by name; those that nothing can be said of are not there. */
    public List<Standing> standings() {
        return call(() -> stub(Duration.ZERO).compareDevices(CompareDevicesRequest.getDefaultInstance()).getStandingsList());
    }

    @Override
    public String putModel(byte[] onnx) {
        if (onnx.length > ModelStore.MAX_BYTES) {
            throw new InputException("model: " + onnx.length + " bytes (expected: at most " + ModelStore.MAX_BYTES + ")");
        }
        String expected = Sha256.of(onnx);
        String stored = call(() -> upload(onnx));
        if (!stored.equals(expected)) {
            throw new IllegalStateException("server " + address + ": stored " + stored + " (expected: " + expected + ")");
        }
        return stored;
    }

    private String upload(byte[] onnx) {
        CompletableFuture<String> sha256 = new CompletableFuture<>();
        FleetServiceGrpc.newStub(channel).withDeadlineAfter(UPLOAD_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .putModel(new ClientResponseObserver<ModelChunk, PutModelReply>() {
                @Override
                public void beforeStart(ClientCallStreamObserver<ModelChunk> request) {
                    StreamObservers.copyWithFlowControl(Transfer.chunks(ByteBuffer.wrap(onnx)), request);
                }

                @Override
                public void onNext(PutModelReply reply) {
                    sha256.complete(reply.getSha256());
                }

                @Override
                public void onError(Throwable problem) {
                    sha256.completeExceptionally(problem);
                }

                @Override
                public void onCompleted() {
                    // the reply has come
                }
            });
        try {
            return sha256.join();
        } catch (CompletionException e) {
            throw (StatusRuntimeException) e.getCause(); // the only thing that a call ends with
        }
    }

    @Override
    public void submit(String device, List<Task> tasks) {
        List<Task> rest = tasks;
        Submitter submitter = by.get();
        do {
            List<Task> now = FleetCalls.fitting(rest);
            SubmitRequest request = SubmitRequest.newBuilder().setDevice(device).addAllTasks(now).setOwner(submitter.owner())
                .setPriority(submitter.priority()).build();
            call(() -> stub(Duration.ZERO).submit(request));
            rest = rest.subList(now.size(), rest.size());
        } while (!rest.isEmpty());
    }

    @Override
    public List<TaskOutcome> outcomes(Collection<String> ids, int knownDone, Duration wait) {
        long deadline = System.nanoTime() + wait.toNanos();
        Set<String> distinct = new LinkedHashSet<>(ids);
        Map<String, TaskOutcome> done;
        Duration remaining = wait;
        do {
            done = ask(distinct, knownDone, remaining);
            remaining = Duration.ofNanos(deadline - System.nanoTime());
        } while (done.size() <= knownDone && done.size() < distinct.size() && remaining.toMillis() > 0);
        return distinct.stream().map(done::get).filter(Objects::nonNull).toList();
    }

    /** A call asks after so many tasks at most: of more it looks at all, and waits for one of the first that are open. */
    private Map<String, TaskOutcome> ask(Set<String> ids, int knownDone, Duration wait) {
        if (ids.size() <= FleetCalls.MOST_NAMED) {
            return askAll(ids, knownDone, wait);
        }
        Map<String, TaskOutcome> done = new LinkedHashMap<>();
        List<String> all = List.copyOf(ids);
        for (int begin = 0; begin < all.size(); begin += FleetCalls.MOST_NAMED) {
            done.putAll(askAll(all.subList(begin, Math.min(begin + FleetCalls.MOST_NAMED, all.size())), 0, Duration.ZERO));
        }
        if (done.size() <= knownDone && done.size() < ids.size()) {
            done.putAll(askAll(all.stream().filter(id -> !done.containsKey(id)).limit(FleetCalls.MOST_NAMED).toList(), 0, wait));
        }
        return done;
    }

    /** A reply holds as many outcomes as fit, so this asks until nothing more comes. */
    private Map<String, TaskOutcome> askAll(Collection<String> ids, int knownDone, Duration wait) {
        Map<String, TaskOutcome> done = new LinkedHashMap<>();
        Set<String> open = new LinkedHashSet<>(ids);
        List<TaskOutcome> more = ask(OutcomesRequest.newBuilder().addAllTaskIds(open).setKnownDone(knownDone), wait);
        while (!more.isEmpty()) {
            more.forEach(outcome -> done.put(outcome.getTaskId(), outcome));
            open.removeAll(done.keySet());
            more = ask(OutcomesRequest.newBuilder().addAllTaskIds(open), Duration.ZERO);
        }
        return done;
    }

    private List<TaskOutcome> ask(OutcomesRequest.Builder request, Duration wait) {
        Duration once = AgentCalls.allowedWait(wait.toMillis());
        request.setWaitMillis(once.toMillis()).setOwner(by.get().owner());
        return call(() -> stub(once).outcomes(request.build()).getDoneList());
    }

    private FleetServiceBlockingStub stub(Duration wait) {
        return FleetServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(wait.plus(CALL_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS);
    }

    private <R> R call(Supplier<R> call) {
        return call(true, call);
    }

    /** @param bearsTrouble whether a server is waited for that says itself that it cannot do it now */
    private <R> R call(boolean bearsTrouble, Supplier<R> call) {
        long begin = System.nanoTime();
        boolean told = false;
        while (true) {
            try {
                R answer = call.get();
                if (told) {
                    say.accept("server " + address + ": is back");
                }
                return answer;
            } catch (StatusRuntimeException e) {
                if (!isAway(e.getStatus()) || !bearsTrouble && ProtocolVersion.isServers(e) || System.nanoTime() - begin >= patience.toNanos()) {
                    throw explained(e);
                }
                if (!told) {
                    say.accept("waiting for server " + address + ": " + Names.shown(reason(e)));
                    told = true;
                }
                pause(e);
            }
        }
    }

    private static boolean isAway(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED -> true;
            // how a server that stops ends a call under way; here a call is only cancelled by an interrupt
            case CANCELLED -> !Thread.currentThread().isInterrupted();
            default -> false;
        };
    }

    private void pause(StatusRuntimeException problem) {
        try {
            Thread.sleep(RETRY_PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw problem;
        }
        connection.resetConnectBackoff();
    }

    /** Of a server that has answered before it is no question how to speak to it. */
    private String hint(StatusRuntimeException e) {
        return patience.isZero() ? server.hint(e) : "";
    }

    private static String reason(StatusRuntimeException e) {
        return e.getCause() == null && e.getStatus().getDescription() != null ? e.getStatus().getDescription() : Transfer.reason(e);
    }

    private RuntimeException explained(StatusRuntimeException e) {
        String description = e.getStatus().getDescription();
        if (ProtocolVersion.isServers(e) && TROUBLE.contains(e.getStatus().getCode())) {
            return new ServerException("server " + address + ": " + reason(e), e);
        }
        return switch (e.getStatus().getCode()) {
            case UNAVAILABLE, CANCELLED ->
                new InputException("server " + address + ": cannot be reached (" + reason(e) + hint(e) + ")", e);
            case DEADLINE_EXCEEDED -> new InputException("server " + address + ": gives no answer", e);
            case UNAUTHENTICATED, PERMISSION_DENIED, FAILED_PRECONDITION, RESOURCE_EXHAUSTED ->
                new InputException("server " + address + ": " + description, e);
            case UNIMPLEMENTED -> new InputException("server " + address + ": not a Lutra server of this version", e);
            default -> new ServerException("server " + address + ": failed (" + reason(e) + ")", e);
        };
    }

    @Override
    public void close() {
        connection.shutdownNow();
    }
}

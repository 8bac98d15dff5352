package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.border.TokenHeader;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to a server. A call that finds nobody drops its channel, so the next call connects afresh at once instead
 * of waiting for gRPC's own back-off: when to try again is the caller's decision. Says once when the server is lost and once
 * when it is back. Safe for use by several threads.
 */
public final class ServerLink implements AutoCloseable {

    /** Inputs and outputs travel inside messages: a batch of 64 images at 224×224 is 37 MiB. */
    static final int MAX_MESSAGE_BYTES = 256 << 20;

    /** A call that waits on a cut network would otherwise wait for its deadline. The server must permit this (gRPC: 5 min). */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(20);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(ServerLink.class);

    /** Netty says "finishConnect(..) failed with error(-111): Connection refused"; people understand the end of it. */
    private static final Pattern SYSTEM_CALL = Pattern.compile("^\\w+\\(.*\\) failed with error\\(-?\\d+\\): ");

    private enum State {
        NEVER_REACHED, REACHED, LOST
    }

    private final ServerAddress address;
    private final ClientInterceptor token;
    private ManagedChannel channel;
    private State state = State.NEVER_REACHED;
    private boolean closed;

    public ServerLink(ServerAddress address, String token) {
        this.address = address;
        this.token = TokenHeader.showing(token);
    }

    public ServerAddress address() {
        return address;
    }

    /**
     * Makes one call.
     *
     * @throws ServerException if it is not answered as asked
     * @throws InputException if the server refuses the token or is not a Lutra server
     * @throws OutOfMemoryError if the answer does not fit into memory
     */
    public <T> T call(Duration deadline, Function<AgentServiceBlockingStub, T> call) {
        ManagedChannel used = channel();
        AgentServiceBlockingStub stub = AgentServiceGrpc.newBlockingStub(used)
            .withInterceptors(token)
            .withMaxInboundMessageSize(MAX_MESSAGE_BYTES)
            .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
        try {
            T reply = call.apply(stub);
            reached();
            return reply;
        } catch (StatusRuntimeException e) {
            throw translate(e, used);
        }
    }

    private RuntimeException translate(StatusRuntimeException e, ManagedChannel used) {
        Status status = e.getStatus();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError memory) {
                throw memory; // ours, on one of gRPC's threads: the network and the server are well
            }
        }
        switch (status.getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED :
                return new InputException(address + ": the server refuses the token (expected: the one it was started with)");
            case UNIMPLEMENTED :
                return new InputException(address + ": what answers there is not a Lutra server of this version");
            case NOT_FOUND :
                reached();
                return new ServerException(ServerException.Kind.NOT_FOUND, reason(e), e);
            case ALREADY_EXISTS :
                reached();
                return new ServerException(ServerException.Kind.TAKEN, reason(e), e);
            case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE, RESOURCE_EXHAUSTED :
                reached();
                return new ServerException(ServerException.Kind.REFUSED, reason(e), e);
            default :
                // An interrupted call says nothing about the server.
                if (!Thread.currentThread().isInterrupted()) {
                    lost(used, reason(e));
                }
                return new ServerException(ServerException.Kind.UNREACHABLE, reason(e), e);
        }
    }

    private synchronized ManagedChannel channel() {
        if (closed) {
            throw new IllegalStateException(address + ": link closed");
        }
        if (channel == null) {
            channel = ManagedChannelBuilder.forAddress(address.host(), address.port()).usePlaintext()
                .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .build();
        }
        return channel;
    }

    private synchronized void reached() {
        if (state == State.LOST) {
            log.info("{}: the server is back", address);
        }
        state = State.REACHED;
    }

    private synchronized void lost(ManagedChannel used, String reason) {
        if (channel == used) {
            channel.shutdown();
            channel = null;
        }
        if (state == State.REACHED && !closed) {
            log.warn("{}: lost the server ({}), trying again until it is back", address, reason);
            state = State.LOST;
        }
    }

    /** The innermost cause, which names what the network said. */
    private static String reason(StatusRuntimeException e) {
        if (e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
            return "no answer in time"; // gRPC's own words are about its inner states
        }
        Throwable innermost = e;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        // The message of an unknown host is only its name.
        boolean described = innermost == e || innermost instanceof UnknownHostException;
        String text = described ? e.getStatus().getDescription() : innermost.getMessage();
        return text == null
            ? e.getStatus().getCode().toString()
            : TaskFailure.oneLine(SYSTEM_CALL.matcher(text).replaceFirst(""));
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (channel != null) {
            channel.shutdownNow();
            channel = null;
        }
    }
}

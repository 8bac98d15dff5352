package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.proto.connection.ServerAddress;
import io.grpc.ManagedChannel;
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
    private ManagedChannel channel;
    private volatile Passport passport;
    private State state = State.NEVER_REACHED;
    private boolean closed;

    public ServerLink(ServerAddress address) {
        this.address = address;
    }

    /** From now on speaks for a device. */
    public void show(Passport shown) {
        this.passport = shown;
    }

    public ServerAddress address() {
        return address;
    }

    /**
     * Makes one call.
     *
     * @throws ServerException if it is not answered as asked
     * @throws InputException if the server does not let this device in or is not a Lutra server
     * @throws OutOfMemoryError if the answer does not fit into memory
     */
    public <T> T call(Duration deadline, Function<AgentServiceBlockingStub, T> call) {
        ManagedChannel used = channel();
        try {
            T reply = call(used, deadline, call);
            reached();
            return reply;
        } catch (StatusRuntimeException e) {
            throw translate(e, used);
        }
    }

    /**
     * Has the server know the device's key, by its join token where it does not yet.
     *
     * @throws ServerException if it is not answered as asked
     * @throws InputException if the server does not let this device in or is not a Lutra server
     */
    public void introduce() {
        ManagedChannel used = channel();
        try {
            passport.bearer(used);
            reached();
        } catch (StatusRuntimeException e) {
            throw translate(e, used);
        }
    }

    /** A token that is not taken any more is changed for another, once. */
    private <T> T call(ManagedChannel used, Duration deadline, Function<AgentServiceBlockingStub, T> call) {
        String bearer = passport.bearer(used);
        try {
            return call.apply(stub(used, deadline, bearer));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNAUTHENTICATED) {
                throw e;
            }
            passport.refused(bearer);
            return call.apply(stub(used, deadline, passport.bearer(used)));
        }
    }

    private static AgentServiceBlockingStub stub(ManagedChannel used, Duration deadline, String bearer) {
        return AgentServiceGrpc.newBlockingStub(used)
            .withInterceptors(TokenHeader.showing(bearer))
            .withMaxInboundMessageSize(MAX_MESSAGE_BYTES)
            .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
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
                return new InputException(address.shown() + ": the server does not let this device in: " + reason(e));
            case UNIMPLEMENTED :
                return new InputException(address.shown() + ": what answers there is not a Lutra server of this version");
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
                if (ProtocolVersion.isServers(e)) {
                    troubled(reason(e));
                    return new ServerException(ServerException.Kind.TROUBLED, reason(e), e);
                }
                // An interrupted call says nothing about the server.
                if (!Thread.currentThread().isInterrupted()) {
                    lost(used, reason(e));
                }
                return new ServerException(ServerException.Kind.UNREACHABLE, reason(e), e);
        }
    }

    private synchronized ManagedChannel channel() {
        if (closed) {
            throw new IllegalStateException(address.shown() + ": link closed");
        }
        if (channel == null) {
            channel = address.channel()
                .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .build();
        }
        return channel;
    }

    private synchronized void reached() {
        if (state == State.LOST) {
            log.info("{}: the server is back", address.shown());
        }
        state = State.REACHED;
    }

    private synchronized void troubled(String reason) {
        if (state == State.REACHED && !closed) {
            log.warn("{}: the server cannot go on ({}), trying again until it can", address.shown(), reason);
            state = State.LOST;
        }
    }

    private synchronized void lost(ManagedChannel used, String reason) {
        if (channel == used) {
            channel.shutdown();
            channel = null;
        }
        if (state == State.REACHED && !closed) {
            log.warn("{}: lost the server ({}), trying again until it is back", address.shown(), reason);
            state = State.LOST;
        }
    }

    /** The innermost cause, which names what the network said. */
    private String reason(StatusRuntimeException e) {
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
            ? "it says no more than " + e.getStatus().getCode()
            : TaskFailure.oneLine(SYSTEM_CALL.matcher(text).replaceFirst("") + hint(e));
    }

    /** Of a server that has answered before it is no question how to speak to it. */
    private synchronized String hint(StatusRuntimeException e) {
        return state == State.NEVER_REACHED ? address.hint(e) : "";
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

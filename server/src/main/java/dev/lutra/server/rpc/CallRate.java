package dev.lutra.server.rpc;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * How many calls a connection may make, and how many connections there may be. What is beyond is refused ahead of everything else, in
 * words that well-meaning callers take for a server that is away for a while.
 */
final class CallRate extends ServerTransportFilter implements ServerInterceptor {

    static final int MOST_CONNECTIONS = 4096;
    /** A run that stores small models one after the other makes a tenth of it. */
    static final int CALLS_A_SECOND = 2000;
    private static final double NANOS = 1e9;
    private static final Attributes.Key<Connection> CONNECTION = Attributes.Key.create("connection");

    private final LongSupplier nanoTime;
    private final AtomicInteger connections = new AtomicInteger();

    /** @param nanoTime a monotonic clock in nanoseconds */
    CallRate(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Calls that are left of those that come in a second. */
    private final class Connection {
        private final boolean tooMany;
        private double left = CALLS_A_SECOND;
        private long seenNanos = nanoTime.getAsLong();

        Connection(boolean tooMany) {
            this.tooMany = tooMany;
        }

        synchronized boolean takes() {
            long now = nanoTime.getAsLong();
            left = Math.min(CALLS_A_SECOND, left + (now - seenNanos) / NANOS * CALLS_A_SECOND);
            seenNanos = now;
            if (left < 1) {
                return false;
            }
            left--;
            return true;
        }
    }

    @Override
    public Attributes transportReady(Attributes transport) {
        return transport.toBuilder().set(CONNECTION, new Connection(connections.incrementAndGet() > MOST_CONNECTIONS)).build();
    }

    @Override
    public void transportTerminated(Attributes transport) {
        if (transport != null && transport.get(CONNECTION) != null) {
            connections.decrementAndGet();
        }
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Connection connection = call.getAttributes().get(CONNECTION);
        if (connection != null && (connection.tooMany || !connection.takes())) {
            call.close(Status.UNAVAILABLE.withDescription(connection.tooMany
                ? "too many connections (at most " + MOST_CONNECTIONS + ")"
                : "too many calls (at most " + CALLS_A_SECOND + " a second)"), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(call, headers);
    }
}

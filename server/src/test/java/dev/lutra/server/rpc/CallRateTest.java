package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many calls and connections are let in, by a clock that the test sets. */
class CallRateTest {

    private long nanos = 1;
    private final CallRate rate = new CallRate(() -> nanos);

    private Attributes connect() {
        return rate.transportReady(Attributes.EMPTY);
    }

    /** What becomes of a call; empty: it is served. */
    private Optional<Status> call(Attributes connection) {
        AtomicReference<Status> closed = new AtomicReference<>();
        boolean[] served = new boolean[1];
        rate.interceptCall(new ServerCall<String, String>() {
            @Override
            public void request(int messages) {
                // nobody asks
            }

            @Override
            public void sendHeaders(Metadata headers) {
                // none
            }

            @Override
            public void sendMessage(String message) {
                // none
            }

            @Override
            public void close(Status status, Metadata trailers) {
                closed.set(status);
            }

            @Override
            public boolean isCancelled() {
                return false;
            }

            @Override
            public MethodDescriptor<String, String> getMethodDescriptor() {
                throw new UnsupportedOperationException();
            }

            @Override
            public Attributes getAttributes() {
                return connection;
            }
        }, new Metadata(), (call, headers) -> {
            served[0] = true;
            return new ServerCall.Listener<>() {};
        });
        assertThat(served[0]).isEqualTo(closed.get() == null);
        return Optional.ofNullable(closed.get());
    }

    private long served(Attributes connection, int calls) {
        return IntStream.range(0, calls).filter(i -> call(connection).isEmpty()).count();
    }

    @Test
    void aConnectionHasSoManyCallsASecondAndSavesUpNone() {
        Attributes greedy = connect();
        Attributes other = connect();
        assertThat(served(greedy, 3000)).isEqualTo(2000);
        assertThat(call(greedy).orElseThrow().toString()).contains("UNAVAILABLE", "too many calls (at most 2000 a second)");
        assertThat(call(other)).as("another connection").isEmpty();
        nanos += TimeUnit.MILLISECONDS.toNanos(500);
        assertThat(served(greedy, 3000)).isEqualTo(1000);
        nanos += TimeUnit.HOURS.toNanos(1);
        assertThat(served(greedy, 3000)).isEqualTo(2000);
    }

    @Test
    void thereAreSoManyConnections() {
        Attributes first = connect();
        IntStream.range(1, 4096).forEach(i -> connect());
        Attributes tooMany = connect();
        assertThat(call(tooMany).orElseThrow().toString()).contains("UNAVAILABLE", "too many connections (at most 4096)");
        assertThat(call(first)).as("those that are there").isEmpty();
        rate.transportTerminated(tooMany);
        rate.transportTerminated(first);
        assertThat(call(connect())).as("one has gone").isEmpty();
    }
}

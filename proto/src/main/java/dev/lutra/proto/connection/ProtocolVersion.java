package dev.lutra.proto.connection;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which version of the protocol somebody speaks. Every call tells it in a header, and every answer that of the server, so that either side
 * can say which of the two has to be updated. It is raised when one side no longer understands what the other means; a field that may be
 * left out is no reason. Servers are updated first: they may serve callers of several versions, callers speak one.
 */
public final class ProtocolVersion {

    /** What this Lutra speaks. */
    public static final int CURRENT = 1;

    /** The oldest that it serves. Callers of before told none. */
    private static final int OLDEST = 1;

    /** The header's name, in gRPC and in HTTP. */
    public static final String NAME = "lutra-protocol";

    /** As {@link #NAME}, of a gRPC call. */
    public static final Metadata.Key<String> HEADER = Metadata.Key.of(NAME, Metadata.ASCII_STRING_MARSHALLER);

    private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,8}");

    private ProtocolVersion() {}

    /**
     * Why a server does not serve a caller, in one line for both of them; empty: it does.
     *
     * @param told by the caller; null: nothing
     */
    public static Optional<String> problemOfCaller(String told) {
        int version = number(told);
        return version >= OLDEST && version <= CURRENT ? Optional.empty() : Optional.of(problem("caller", version, "server"));
    }

    /** Why a caller does not go on with a server that has served it; see {@link #problemOfCaller}. A newer one knows what it does. */
    public static Optional<String> problemOfServer(String told) {
        int version = number(told);
        return version >= OLDEST ? Optional.empty() : Optional.of(problem("server", version, "caller"));
    }

    /** Whether a call was ended by a server of Lutra, whose word its status is; otherwise nobody answered, or something else did. */
    public static boolean isServers(StatusRuntimeException end) {
        return end.getTrailers() != null && end.getTrailers().containsKey(HEADER);
    }

    /** 0 where there is none. */
    private static int number(String told) {
        return told != null && NUMBER.matcher(told).matches() ? Integer.parseInt(told) : 0;
    }

    private static String problem(String other, int version, String thisSide) {
        return "protocol of the " + other + ": " + (version == 0 ? "none told" : version) + " (expected: "
            + (OLDEST == CURRENT ? "" : OLDEST + " to ") + CURRENT + ", which the " + thisSide + " speaks; the "
            + (version < OLDEST ? other : thisSide) + "'s Lutra is older and has to be updated)";
    }

    /** Tells servers the version, and ends calls that a server of another one answers: FAILED_PRECONDITION, with the line that says so. */
    public static ClientInterceptor telling() {
        return new ClientInterceptor() {
            @Override
            public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
                return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                    @Override
                    public void start(Listener<R> listener, Metadata headers) {
                        headers.put(HEADER, Integer.toString(CURRENT));
                        super.start(new CheckedListener<>(listener), headers);
                    }
                };
            }
        };
    }

    private static final class CheckedListener<R> extends SimpleForwardingClientCallListener<R> {

        private Optional<String> problem = Optional.empty();

        CheckedListener(ClientCall.Listener<R> listener) {
            super(listener);
        }

        @Override
        public void onHeaders(Metadata headers) {
            problem = problemOfServer(headers.get(HEADER));
            super.onHeaders(headers);
        }

        @Override
        public void onMessage(R message) {
            if (problem.isEmpty()) {
                super.onMessage(message);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            super.onClose(problem.map(Status.FAILED_PRECONDITION::withDescription).orElse(status), trailers);
        }
    }
}

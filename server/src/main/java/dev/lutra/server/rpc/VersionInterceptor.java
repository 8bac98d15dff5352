package dev.lutra.server.rpc;

import dev.lutra.proto.connection.ProtocolVersion;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;

/** Refuses callers who speak another version of the protocol, before anything else is asked of them, and tells all others the server's. */
final class VersionInterceptor implements ServerInterceptor {

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Optional<String> problem = ProtocolVersion.problemOfCaller(headers.get(ProtocolVersion.HEADER));
        if (problem.isPresent()) {
            call.close(Status.FAILED_PRECONDITION.withDescription(problem.get()), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return next.startCall(new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata answer) {
                answer.put(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT));
                super.sendHeaders(answer);
            }

            @Override
            public void close(Status status, Metadata trailers) {
                trailers.put(ProtocolVersion.HEADER, Integer.toString(ProtocolVersion.CURRENT)); // so it is the server's word, and not the network's
                super.close(status, trailers);
            }
        }, headers);
    }
}

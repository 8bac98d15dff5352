package dev.lutra.server.rpc;

import dev.lutra.proto.border.TokenHeader;
import dev.lutra.server.fleet.TokenCheck;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;

/** Lets in who shows the token. */
final class TokenInterceptor implements ServerInterceptor {

    private final TokenCheck check;

    TokenInterceptor(String token) {
        this.check = new TokenCheck(token);
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        Optional<String> problem = check.problem(headers.get(TokenHeader.AUTHORIZATION));
        if (problem.isEmpty()) {
            return next.startCall(call, headers);
        }
        call.close(Status.UNAUTHENTICATED.withDescription(problem.get()), new Metadata());
        return new ServerCall.Listener<>() {};
    }
}

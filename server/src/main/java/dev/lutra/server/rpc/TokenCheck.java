package dev.lutra.server.rpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Lets in who shows the token. */
final class TokenCheck implements ServerInterceptor {

    static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final byte[] expected;

    TokenCheck(String token) {
        this.expected = header(token).getBytes(StandardCharsets.UTF_8);
    }

    static String header(String token) {
        return "Bearer " + token;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String shown = headers.get(AUTHORIZATION);
        // isEqual takes the same time wherever the difference is
        if (shown != null && MessageDigest.isEqual(expected, shown.getBytes(StandardCharsets.UTF_8))) {
            return next.startCall(call, headers);
        }
        String problem = shown == null ? "no token (expected: authorization: Bearer <token>)" : "wrong token";
        call.close(Status.UNAUTHENTICATED.withDescription(problem), new Metadata());
        return new ServerCall.Listener<>() {};
    }
}

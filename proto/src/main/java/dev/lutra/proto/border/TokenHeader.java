package dev.lutra.proto.border;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;

/** How a caller shows the token of a server: {@code Authorization: Bearer TOKEN} (RFC 6750, 2.1). */
public final class TokenHeader {

    /** What stands before the token. */
    public static final String SCHEME = "Bearer ";

    /** The header's name in a gRPC call. */
    public static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private TokenHeader() {}

    /** Puts the header into every call. */
    public static ClientInterceptor showing(String token) {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, SCHEME + token);
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }
}

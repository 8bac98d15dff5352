package dev.lutra.proto.border;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.Optional;

/** How a caller shows the token of a server: {@code Authorization: Bearer TOKEN} (RFC 6750, 2.1). */
public final class TokenHeader {

    /** What stands before the token. */
    public static final String SCHEME = "Bearer ";

    /** The header's name in a gRPC call. */
    public static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private TokenHeader() {}

    /**
     * The token that a caller shows; empty where it shows none.
     *
     * @param header as it has sent it, the first word in any case (RFC 9110, 11.1); null: it has sent none
     */
    public static Optional<String> token(String header) {
        return Optional.ofNullable(header).filter(sent -> sent.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
            .map(sent -> sent.substring(SCHEME.length()).strip());
    }

    /** Puts the header into every call. */
    public static ClientInterceptor showing(String token) {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, SCHEME + token);
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }
}

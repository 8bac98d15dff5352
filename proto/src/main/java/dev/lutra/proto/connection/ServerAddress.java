package dev.lutra.proto.connection;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * Where a server listens, and how it is known.
 *
 * @param host name, IPv4 address, or IPv6 address in brackets
 * @param port 1 to 65535
 * @param key which the server has; empty: on this machine any will do, elsewhere it has a certificate that this system trusts
 * @param isPlain whether everything is sent unencrypted also to elsewhere, for whoever listens to read
 * @param client what it is shown where it asks its callers for a certificate
 */
public record ServerAddress(String host, int port, Optional<KeyFingerprint> key, boolean isPlain, Optional<CertifiedKey> client) {

    private static final Pattern FORM = Pattern
        .compile("(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(?<port>\\d{1,5})(#(?<key>.*))?");
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|\\[0*(:0*){1,6}:0*1]");
    /** What gRPC says of a server that takes a greeting for no TLS. */
    private static final Pattern CLOSED_AT_ONCE = Pattern.compile("Network closed|End of stream|not SETTINGS|Connection reset");
    /** What a server says that ends a connection (RFC 8446, section 6), in the words of the runtimes that relay it; of what kind differs. */
    private static final Pattern ALERT = Pattern.compile("(?i)alert");
    /** Of these what it says when it was shown no certificate. */
    private static final Pattern ABOUT_CERTIFICATES = Pattern.compile("(?i)alert.*(certificate|handshake.failure)");
    private static final String INSECURE = "insecure";
    private static final int MAX_PORT = 65_535;

    /** Without a key that it is known by. */
    public ServerAddress(String host, int port) {
        this(host, port, Optional.empty(), false);
    }

    /** Without a certificate to show. */
    public ServerAddress(String host, int port, Optional<KeyFingerprint> key, boolean isPlain) {
        this(host, port, key, isPlain, Optional.empty());
    }

    /**
     * The same server, to be shown a certificate.
     *
     * @throws IllegalArgumentException if nothing is shown to it, since nothing is encrypted; the message says what was expected
     */
    public ServerAddress showing(CertifiedKey certified) {
        if (!isEncrypted()) {
            throw new IllegalArgumentException("what goes to " + shown() + " is not encrypted (expected: " + shown()
                + "#sha256:…, the server's key as it prints it)");
        }
        return new ServerAddress(host, port, key, isPlain, Optional.of(certified));
    }

    /**
     * Reads {@code HOST:PORT}, {@code HOST:PORT#sha256:FINGERPRINT} or, for everything to be sent unencrypted, {@code HOST:PORT#insecure}.
     *
     * @throws IllegalArgumentException if the text has another form; the message is the text and what was expected
     */
    public static ServerAddress parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        int port = matcher.matches() ? Integer.parseInt(matcher.group("port")) : 0;
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException(text + " (expected: HOST:PORT, port 1 to 65535)");
        }
        boolean isPlain = INSECURE.equals(matcher.group("key"));
        return new ServerAddress(matcher.group("host"), port,
            Optional.ofNullable(matcher.group("key")).filter(known -> !isPlain).map(KeyFingerprint::parse), isPlain);
    }

    /** Whether what is sent there leaves this machine for none other. */
    public boolean isLoopback() {
        return LOOPBACK.matcher(host).matches();
    }

    /** A connection to it: encrypted, except on this machine where no key is named. */
    public ManagedChannelBuilder<?> channel() {
        return Grpc.newChannelBuilderForAddress(host, port, credentials()).intercept(ProtocolVersion.telling());
    }

    private ChannelCredentials credentials() {
        if (!isEncrypted()) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
        key.ifPresent(known -> tls.trustManager(known.trust()));
        client.ifPresent(certified -> tls.keyManager(certified.managers()));
        return tls.build();
    }

    /** Whether what is sent there can be read by nobody else. */
    public boolean isEncrypted() {
        return key.isPresent() || !isPlain && !isLoopback();
    }

    /**
     * What to do about a call that failed, for people, where this end and the other one may not agree about encryption; empty where that is
     * not the reason.
     */
    public String hint(Throwable failure) {
        boolean encrypting = false;
        boolean silent = false;
        boolean unknown = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            boolean ofEncryption = (cause instanceof SSLException || cause instanceof CertificateException) && !isSilence(cause);
            encrypting |= ofEncryption;
            unknown |= ofEncryption && (client.isPresent() ? ALERT : ABOUT_CERTIFICATES).matcher(String.valueOf(cause.getMessage())).find();
            silent |= cause.getMessage() != null && CLOSED_AT_ONCE.matcher(cause.getMessage()).find();
        }
        if (unknown) {
            return client.map(certified -> "; expected: a certificate that the server's --client-ca vouches for, other than that of "
                + certified.subject()).orElse("; expected: --client-cert and --client-key, since the server asks for a certificate");
        }
        if (silent && isEncrypted()) {
            return client.map(certified -> "; expected, where the server's --client-ca does not vouch for that of " + certified.subject()
                + ": another certificate").orElse("; expected, where the server asks for a certificate: --client-cert and --client-key");
        }
        if (encrypting) {
            return key.isPresent()
                ? "; expected: the server with that key"
                : "; expected: a certificate that this system trusts, or " + shown() + "#sha256:…, the server's key as it prints it; or #insecure";
        }
        return silent ? "; expected, where the server encrypts: " + shown() + "#sha256:…, its key as it prints it" : "";
    }

    /** Whoever does not answer a greeting in time may be any server, stopped or overloaded. */
    private static boolean isSilence(Throwable cause) {
        return cause.getMessage() != null && cause.getMessage().contains("timed out");
    }

    /** What tells it from other servers: its key, wherever it is reached, or where that is not told its address. */
    public String known() {
        return key.map(KeyFingerprint::toString).orElse(shown());
    }

    /** As people know it: without the key. */
    public String shown() {
        return host + ":" + port;
    }

    @Override
    public String toString() {
        return shown() + key.map(known -> "#" + known).orElse(isPlain && !isLoopback() ? "#" + INSECURE : "");
    }
}

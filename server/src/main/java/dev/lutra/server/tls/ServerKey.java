package dev.lutra.server.tls;

import dev.lutra.InputException;
import dev.lutra.proto.connection.CertifiedKey;
import dev.lutra.proto.connection.KeyFingerprint;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * A server's key with its certificate.
 *
 * @param managers who show it
 * @param fingerprint by which agents know it
 * @param names that the certificate vouches for
 * @param clients whom it lets connect; empty: everybody
 */
public record ServerKey(KeyManager[] managers, KeyFingerprint fingerprint, List<String> names, Optional<KnownClients> clients) {

    /** Of before gRPC had it as well. */
    private static final String FILE = "https.p12";
    private static final String REMEDY = "delete it to have a new one made, which browsers and agents must be told to trust again";

    /**
     * What an encryption shows; empty where there is none.
     *
     * @param hosts names and addresses of this machine, for a certificate that is made
     * @throws InputException naming the file that cannot be used
     */
    public static Optional<ServerKey> of(Encryption encryption, List<String> hosts, Instant now) {
        if (encryption instanceof Encryption.Certificate files) {
            return Optional.of(of(CertificateFiles.read(files.certificate(), files.key())));
        }
        return encryption instanceof Encryption.SelfSigned kept
            ? Optional.of(of(KeptKey.findOrMake(kept.folder().resolve(FILE), hosts, now, REMEDY)))
            : Optional.empty();
    }

    private static ServerKey of(CertifiedKey key) {
        return new ServerKey(key.managers(), KeyFingerprint.of(key.certificate().getPublicKey()), names(key.certificate()), Optional.empty());
    }

    private static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            if (certificate.getSubjectAlternativeNames() != null) {
                certificate.getSubjectAlternativeNames().forEach(name -> names.add(name.get(1).toString()));
            }
        } catch (CertificateParsingException e) {
            throw new InputException("the server's certificate: cannot be read (" + e.getMessage() + ")", e);
        }
        return List.copyOf(names);
    }

    /** The same key, for a server that lets in nobody else. */
    public ServerKey admitting(KnownClients only) {
        return new ServerKey(managers, fingerprint, names, Optional.of(only));
    }

    /** For whoever makes connections by Java's own means. */
    public SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers, clients.map(KnownClients::trust).map(List::of).map(list -> list.toArray(TrustManager[]::new)).orElse(null), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

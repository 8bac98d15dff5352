package dev.lutra.server.tls;

import dev.lutra.InputException;
import dev.lutra.proto.connection.CertifiedKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Who may connect to a server at all (mutual TLS): those whose certificates somebody vouches for, and whoever has the server's own client
 * certificate, which lies in its folder. What a caller may do there is a matter of its token or key, as ever.
 *
 * @param trust checks what callers show: signatures, times, and that a certificate is for clients
 * @param authorities those who vouch, for people
 */
public record KnownClients(TrustManager trust, String authorities) {

    private static final String OWN_FILE = "client.p12";
    private static final String REMEDY = "delete it, and the server makes another when it is started again";

    /**
     * What commands on a server's machine show to it; empty where it has asked nobody for a certificate.
     *
     * @param folder the server's
     * @throws InputException naming the file that cannot be used
     */
    public static Optional<CertifiedKey> own(Path folder) {
        Path file = folder.resolve(OWN_FILE);
        return Files.exists(file) ? Optional.of(KeptKey.find(file, REMEDY)) : Optional.empty();
    }

    /**
     * Those for whom the certificates of a file vouch.
     *
     * @param ca PEM
     * @param folder the server's, in which its own client certificate is kept
     * @throws InputException naming the file that cannot be used
     */
    public static KnownClients of(Path ca, Path folder, Instant now) {
        List<X509Certificate> authorities = CertificateFiles.authorities(ca, now);
        X509Certificate own = KeptKey.findOrMake(folder.resolve(OWN_FILE), List.of("localhost"), now, REMEDY).certificate();
        try {
            KeyStore anchors = KeyStore.getInstance("PKCS12");
            anchors.load(null, null);
            anchors.setCertificateEntry("own", own);
            for (int i = 0; i < authorities.size(); i++) {
                anchors.setCertificateEntry("authority" + i, authorities.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(anchors);
            return new KnownClients(factory.getTrustManagers()[0],
                authorities.stream().map(one -> one.getSubjectX500Principal().getName()).collect(Collectors.joining("; ")));
        } catch (GeneralSecurityException | IOException e) {
            throw InputException.in(ca, "cannot be used (" + e.getMessage() + ")");
        }
    }
}

package dev.lutra.proto.connection;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/**
 * A key with the certificate that vouches for it, as one end of a connection shows it to the other.
 *
 * @param chain its own first, then those that vouch for it
 */
public record CertifiedKey(List<X509Certificate> chain, PrivateKey key) {

    /** Of a key store in memory, which has to have one. */
    private static final char[] PASSWORD = "unprotected".toCharArray();

    /** Its own certificate. */
    public X509Certificate certificate() {
        return chain.get(0);
    }

    /** Whom the certificate names. */
    public String subject() {
        return certificate().getSubjectX500Principal().getName();
    }

    /** Those that show it. */
    public KeyManager[] managers() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("own", key, PASSWORD, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, PASSWORD);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is wrong with a certificate's time at a moment, for a line that names its file; empty: nothing. */
    public static Optional<String> untimely(X509Certificate certificate, Instant now) {
        boolean ended = certificate.getNotAfter().before(Date.from(now));
        if (!ended && !certificate.getNotBefore().after(Date.from(now))) {
            return Optional.empty();
        }
        Date date = ended ? certificate.getNotAfter() : certificate.getNotBefore();
        return Optional.of("the certificate " + (ended ? "ended on " : "begins on ") + date.toInstant().atOffset(ZoneOffset.UTC).toLocalDate()
            + " (expected: one that is valid now)");
    }
}

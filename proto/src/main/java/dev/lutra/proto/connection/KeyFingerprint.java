package dev.lutra.proto.connection;

import dev.lutra.proto.content.Sha256;
import java.net.Socket;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What a server's key is known by: SHA-256 over its X.509 SubjectPublicKeyInfo, as RFC 7469 pins keys. It stays the same when a
 * certificate of the same key is made anew, and vouches for the server whatever it is called.
 *
 * @param sha256 lower-case hex
 */
public record KeyFingerprint(String sha256) {

    private static final String SCHEME = "sha256:";
    private static final Pattern TEXT = Pattern.compile(SCHEME + "[0-9a-f]{64}");

    /** Of a key. */
    public static KeyFingerprint of(PublicKey key) {
        return new KeyFingerprint(Sha256.of(key.getEncoded()));
    }

    /**
     * What {@link #toString} has written.
     *
     * @throws IllegalArgumentException when it is not that
     */
    public static KeyFingerprint parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException(text + " (expected: sha256: and 64 of 0-9 and a-f)");
        }
        return new KeyFingerprint(text.substring(SCHEME.length()));
    }

    @Override
    public String toString() {
        return SCHEME + sha256;
    }

    /** Trusts whoever has the key, and nobody else. */
    public TrustManager trust() {
        return new Pinned();
    }

    private final class Pinned extends X509ExtendedTrustManager {

        private void check(X509Certificate[] chain) throws CertificateException {
            KeyFingerprint shown = of(chain[0].getPublicKey());
            if (!shown.equals(KeyFingerprint.this)) {
                throw new CertificateException("the server has another key, " + shown);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("not for clients");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

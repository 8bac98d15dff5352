package dev.lutra.proto.connection;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and keys as text (RFC 7468). What is thrown says what is wrong, for a line that names the file. */
public final class Pem {

    private static final Pattern PKCS8 = Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final Map<String, String> SIGNATURES = Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA", "EdDSA", "EdDSA");

    private Pem() {}

    /**
     * The certificates of a file in their order, at least one.
     *
     * @throws GeneralSecurityException if there is none, or one cannot be read
     */
    public static List<X509Certificate> certificates(byte[] pem) throws GeneralSecurityException {
        List<X509Certificate> all;
        try {
            all = CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                .map(X509Certificate.class::cast).toList();
        } catch (CertificateException e) {
            throw new CertificateException("cannot be read (" + e.getMessage() + ")", e);
        }
        if (all.isEmpty()) {
            throw new CertificateException("no certificate (expected: PEM, 'BEGIN CERTIFICATE')");
        }
        return all;
    }

    /**
     * The key of a certificate: PKCS #8, "BEGIN PRIVATE KEY".
     *
     * @throws GeneralSecurityException if there is none, or it is another's
     */
    public static PrivateKey key(String pem, X509Certificate certificate) throws GeneralSecurityException {
        Matcher matcher = PKCS8.matcher(pem);
        if (!matcher.find()) {
            throw new KeyException("no key (expected: PEM, 'BEGIN PRIVATE KEY', without a password)");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(matcher.group(1));
            PrivateKey key = KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(der));
            requireEachOther(key, certificate.getPublicKey());
            return key;
        } catch (GeneralSecurityException | IllegalArgumentException e) { // the latter from base 64
            throw new KeyException("cannot be used as the certificate's key (" + e.getMessage() + ")", e);
        }
    }

    private static void requireEachOther(PrivateKey key, PublicKey shown) throws GeneralSecurityException {
        String algorithm = SIGNATURES.get(shown.getAlgorithm());
        if (algorithm == null) {
            return; // told when a connection is made
        }
        byte[] text = {1};
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(shown);
        signature.update(text);
        if (!signature.verify(signed)) {
            throw new SignatureException("it is the key of another");
        }
    }
}

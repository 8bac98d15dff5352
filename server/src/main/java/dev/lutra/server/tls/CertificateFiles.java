package dev.lutra.server.tls;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.connection.CertifiedKey;
import dev.lutra.proto.connection.Pem;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** Certificates and keys that people bring, PEM; every mistake is told with its file. */
public final class CertificateFiles {

    static final int MOST_BYTES = 1 << 20;

    private CertificateFiles() {}

    /**
     * A certificate, with those that vouch for it, and its key.
     *
     * @throws InputException naming the file that cannot be used
     */
    public static CertifiedKey read(Path certificate, Path key) {
        List<X509Certificate> chain = certificates(certificate);
        try {
            return new CertifiedKey(chain, Pem.key(InputFile.text(key, MOST_BYTES), chain.get(0)));
        } catch (GeneralSecurityException e) {
            throw InputException.in(key, e.getMessage());
        }
    }

    /**
     * As {@link #read}, to be shown now.
     *
     * @throws InputException also when the certificate has ended or is yet to begin
     */
    public static CertifiedKey readValid(Path certificate, Path key, Instant now) {
        CertifiedKey read = read(certificate, key);
        requireValid(certificate, read.certificate(), now);
        return read;
    }

    /**
     * The certificates of those who vouch for callers.
     *
     * @throws InputException when there is none, or one has ended or is nobody's who may vouch for others
     */
    public static List<X509Certificate> authorities(Path file, Instant now) {
        List<X509Certificate> all = certificates(file);
        all.forEach(certificate -> {
            if (certificate.getBasicConstraints() < 0) {
                throw InputException.in(file, certificate.getSubjectX500Principal().getName()
                    + " may not vouch for others (expected: certificates of a CA, 'basicConstraints=CA:TRUE')");
            }
            requireValid(file, certificate, now);
        });
        return all;
    }

    private static void requireValid(Path file, X509Certificate certificate, Instant now) {
        CertifiedKey.untimely(certificate, now).ifPresent(problem -> {
            throw InputException.in(file, problem);
        });
    }

    private static List<X509Certificate> certificates(Path file) {
        try {
            return Pem.certificates(InputFile.bytes(file, MOST_BYTES));
        } catch (GeneralSecurityException e) {
            throw InputException.in(file, e.getMessage());
        }
    }
}

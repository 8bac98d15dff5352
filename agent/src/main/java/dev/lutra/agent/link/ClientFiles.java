package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.connection.CertifiedKey;
import dev.lutra.proto.connection.Pem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** What the owner of a device brings to show to servers: small files of text. */
public final class ClientFiles {

    private static final int MOST_BYTES = 1 << 20;

    private ClientFiles() {}

    /**
     * A file's text without the spaces around it.
     *
     * @param what it holds, for people
     * @throws InputException if it is no regular file, is larger than a mebibyte, or cannot be read; the message begins with the file
     */
    public static String text(Path file, String what) {
        String expected = " (expected: a text file that holds " + what + ")";
        if (!Files.isRegularFile(file)) { // a pipe or a device may have no end
            throw new InputException(file + ": cannot be read" + expected);
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new InputException(file + ": more than 1 MiB" + expected);
            }
            return new String(bytes, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + FileTrouble.reason(e) + expected);
        }
    }

    /**
     * A certificate to show now, and its key, PEM.
     *
     * @throws InputException if either cannot be used, or the certificate has ended or is yet to begin; the message begins with the file
     */
    public static CertifiedKey certificate(Path certificate, Path key, Instant now) {
        Path read = certificate;
        try {
            List<X509Certificate> chain = Pem.certificates(text(certificate, "a certificate").getBytes(StandardCharsets.UTF_8));
            CertifiedKey.untimely(chain.get(0), now).ifPresent(problem -> {
                throw new InputException(certificate + ": " + problem);
            });
            read = key;
            return new CertifiedKey(chain, Pem.key(text(key, "its key"), chain.get(0)));
        } catch (GeneralSecurityException e) {
            throw new InputException(read + ": " + e.getMessage());
        }
    }
}

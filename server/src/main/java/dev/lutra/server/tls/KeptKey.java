package dev.lutra.server.tls;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.connection.CertifiedKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A key in a file of its owner's alone, with a certificate that it signs itself: made on first use and again, for the same key, when it is
 * about to end. It stays the same in between, so that a browser warns only once.
 */
final class KeptKey {

    /** Protects nothing that the file's own permissions do not: PKCS #12 just has to have one. */
    private static final char[] PASSWORD = "unprotected".toCharArray();
    private static final String ALIAS = "lutra";
    /** The longest that Apple's systems accept. */
    private static final int VALID_DAYS = 397;
    private static final long KEYTOOL_SECONDS = 60;

    private KeptKey() {}

    /**
     * The key of a file, which is made where it is not there.
     *
     * @param hosts names and addresses that the certificate is for
     * @param remedy what to do with a file that cannot be used, and what comes of it
     * @throws InputException naming the file when it cannot be used
     */
    static CertifiedKey findOrMake(Path file, List<String> hosts, Instant now, String remedy) {
        try {
            if (!Files.exists(file)) {
                make(file, hosts, List.of("-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1"));
            } else if (load(file).certificate().getNotAfter().before(Date.from(now.plusSeconds(TimeUnit.DAYS.toSeconds(7))))) {
                make(file, hosts, List.of("-selfcert"));
            }
            return load(file);
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(file, e, remedy);
        }
    }

    /**
     * The key of a file that is there.
     *
     * @param remedy as of {@link #findOrMake}
     * @throws InputException naming the file when it cannot be used
     */
    static CertifiedKey find(Path file, String remedy) {
        try {
            return load(file);
        } catch (IOException | GeneralSecurityException e) {
            throw unusable(file, e, remedy);
        }
    }

    private static InputException unusable(Path file, Exception e, String remedy) {
        return InputException.in(file, "cannot be used ("
            + (e instanceof IOException trouble ? FileTrouble.reason(file, trouble) : e.getMessage()) + "); " + remedy);
    }

    private static CertifiedKey load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(InputFile.bytes(file, CertificateFiles.MOST_BYTES)), PASSWORD);
        if (!store.isKeyEntry(ALIAS)) {
            throw new IOException("no key '" + ALIAS + "' in it");
        }
        return new CertifiedKey(List.of((X509Certificate) store.getCertificate(ALIAS)), (PrivateKey) store.getKey(ALIAS, PASSWORD));
    }

    /** Java makes certificates only by its own tool, which every installation of it has. */
    private static void make(Path file, List<String> hosts, List<String> how) throws IOException {
        Path folder = PrivateFiles.make(file.toAbsolutePath().getParent());
        Path workplace = Files.createTempDirectory(folder, "https-"); // only its owner may look in
        Path part = workplace.resolve(file.getFileName());
        try {
            if (Files.exists(file)) {
                Files.copy(file, part);
            }
            keytool(part, hosts, how);
            PrivateFiles.close(part);
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            AtomicFile.flushNames(folder);
        } finally {
            Files.deleteIfExists(part);
            Files.delete(workplace);
        }
    }

    private static void keytool(Path store, List<String> hosts, List<String> how) throws IOException {
        List<String> names = new ArrayList<>();
        hosts.forEach(host -> names.add((host.matches("[0-9.]+|.*:.*") ? "ip:" : "dns:") + host));
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(how);
        command.addAll(List.of("-alias", ALIAS, "-dname", "CN=Lutra on " + hosts.get(0), "-validity", Integer.toString(VALID_DAYS),
            "-ext", "san=" + String.join(",", names), "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass",
            new String(PASSWORD)));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!keytool.waitFor(KEYTOOL_SECONDS, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
                throw new IOException("keytool: " + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            keytool.destroyForcibly();
        }
    }
}

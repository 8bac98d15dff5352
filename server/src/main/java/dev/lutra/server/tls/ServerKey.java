package dev.lutra.server.tls;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.connection.KeyFingerprint;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A server's key with its certificate.
 *
 * @param managers who show it
 * @param fingerprint by which agents know it
 * @param names that the certificate vouches for
 */
public record ServerKey(KeyManager[] managers, KeyFingerprint fingerprint, List<String> names) {

    /** Protects nothing that the file's own permissions do not: PKCS #12 just has to have one. */
    private static final char[] PASSWORD = "unprotected".toCharArray();
    private static final String ALIAS = "lutra";
    /** The longest that Apple's systems accept. */
    private static final int VALID_DAYS = 397;
    /** Of before gRPC had it as well. */
    private static final String FILE = "https.p12";
    private static final int MOST_BYTES = 1 << 20;
    private static final long KEYTOOL_SECONDS = 60;
    private static final Pattern PKCS8 = Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    /**
     * What an encryption shows; empty where there is none.
     *
     * @param hosts names and addresses of this machine, for a certificate that is made
     * @throws InputException naming the file that cannot be used
     */
    public static Optional<ServerKey> of(Encryption encryption, List<String> hosts, Instant now) {
        if (encryption instanceof Encryption.Certificate files) {
            return Optional.of(of(files));
        }
        return encryption instanceof Encryption.SelfSigned kept ? Optional.of(of(kept, hosts, now)) : Optional.empty();
    }

    private static ServerKey of(Encryption.Certificate files) {
        InputStream pem = new ByteArrayInputStream(InputFile.bytes(files.certificate(), MOST_BYTES));
        try {
            Certificate[] chain = CertificateFactory.getInstance("X.509").generateCertificates(pem).toArray(Certificate[]::new);
            if (chain.length == 0) {
                throw InputException.in(files.certificate(), "no certificate (expected: PEM, 'BEGIN CERTIFICATE')");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, key(files.key(), chain[0].getPublicKey().getAlgorithm()), PASSWORD, chain);
            return shown(store);
        } catch (IOException e) {
            throw InputException.in(files.certificate(), "cannot be read (" + e.getMessage() + ")");
        } catch (GeneralSecurityException e) {
            throw InputException.in(files.certificate(), "cannot be used (" + e.getMessage() + ")");
        }
    }

    private static PrivateKey key(Path file, String algorithm) {
        Matcher pem = PKCS8.matcher(InputFile.text(file, MOST_BYTES));
        if (!pem.find()) {
            throw InputException.in(file, "no key (expected: PEM, 'BEGIN PRIVATE KEY', without a password)");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException | IllegalArgumentException e) { // the latter from base 64
            throw InputException.in(file, "cannot be used as the certificate's key (" + e.getMessage() + ")");
        }
    }

    /**
     * A certificate for this machine's names and addresses, made on first use and again, for the same key, when it is about to end. It stays
     * the same in between, so that a browser warns only once.
     */
    private static ServerKey of(Encryption.SelfSigned kept, List<String> hosts, Instant now) {
        Path file = kept.folder().resolve(FILE);
        try {
            if (!Files.exists(file)) {
                make(file, hosts, List.of("-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1"));
            } else if (endsSoon(file, now)) {
                make(file, hosts, List.of("-selfcert"));
            }
            return shown(load(file));
        } catch (IOException | GeneralSecurityException e) {
            throw InputException.in(file, "cannot be used ("
                + (e instanceof IOException trouble ? FileTrouble.reason(file, trouble) : e.getMessage())
                + "); delete it to have a new one made, which browsers and agents must be told to trust again");
        }
    }

    private static boolean endsSoon(Path file, Instant now) throws IOException, GeneralSecurityException {
        X509Certificate certificate = (X509Certificate) load(file).getCertificate(ALIAS);
        return certificate == null || certificate.getNotAfter().before(Date.from(now.plusSeconds(TimeUnit.DAYS.toSeconds(7))));
    }

    /** Java makes certificates only by its own tool, which every installation of it has. */
    private static void make(Path file, List<String> hosts, List<String> how) throws IOException {
        Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
        Path workplace = Files.createTempDirectory(folder, "https-"); // only its owner may look in
        Path part = workplace.resolve(FILE);
        try {
            if (Files.exists(file)) {
                Files.copy(file, part);
            }
            keytool(part, hosts, how);
            PrivateFiles.close(part);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
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

    private static KeyStore load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(InputFile.bytes(file, MOST_BYTES)), PASSWORD);
        return store;
    }

    private static ServerKey shown(KeyStore store) throws GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        X509Certificate certificate = (X509Certificate) store.getCertificate(ALIAS);
        List<String> names = new ArrayList<>();
        if (certificate.getSubjectAlternativeNames() != null) {
            certificate.getSubjectAlternativeNames().forEach(name -> names.add(name.get(1).toString()));
        }
        return new ServerKey(keys.getKeyManagers(), KeyFingerprint.of(certificate.getPublicKey()), List.copyOf(names));
    }

    /** For whoever makes connections by Java's own means. */
    public SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers, null, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

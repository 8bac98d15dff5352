package dev.lutra.tests;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** Somebody who vouches for others by certificates, as Java's own tool makes them. */
final class Authority {

    private static final String PASSWORD = "of-a-test";

    private final Path folder;
    private final Path store;
    private final String name;

    Authority(Path folder, String name) {
        this.folder = folder;
        this.store = folder.resolve(name + ".p12");
        this.name = name;
        keytool("-genkeypair", "-alias", "ca", "-dname", "CN=" + name, "-ext", "bc:c=ca:true", "-validity", "30");
    }

    /** Its certificate, PEM. */
    Path certificate() {
        return certificate("ca");
    }

    /** Makes somebody's key and certificate; more arguments are {@code keytool}'s. */
    void vouchFor(String alias, String... more) {
        keytool(Stream.concat(Stream.of("-genkeypair", "-alias", alias, "-dname", "CN=" + alias, "-signer", "ca"), Stream.of(more))
            .toArray(String[]::new));
    }

    /** Somebody's certificate, PEM. */
    Path certificate(String alias) {
        try {
            Certificate certificate = load().getCertificate(alias);
            return pem(alias + "-cert", "CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key of a certificate, PEM. */
    Path key(String alias) {
        try {
            Key key = load().getKey(alias, PASSWORD.toCharArray());
            return pem(alias + "-key", "PRIVATE KEY", key.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** With all keys that it made. */
    KeyStore load() {
        try (InputStream in = Files.newInputStream(store)) {
            KeyStore loaded = KeyStore.getInstance("PKCS12");
            loaded.load(in, PASSWORD.toCharArray());
            return loaded;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path pem(String file, String kind, byte[] der) {
        try {
            String text = Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(der);
            return Files.writeString(folder.resolve(name + "-" + file + ".pem"),
                "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void keytool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass",
            PASSWORD, "-J-XX:TieredStopAtLevel=1"));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(said);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}

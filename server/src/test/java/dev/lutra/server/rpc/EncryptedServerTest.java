package dev.lutra.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.proto.connection.KeyFingerprint;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.tls.ServerKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who a caller speaks to, and whether anybody else can read it. */
class EncryptedServerTest {

    private static final String TOKEN = "the-token-of-the-owner";
    private static final char[] PASSWORD = "unprotected".toCharArray();

    @TempDir
    Path folder;
    private Database database;
    private Access access;
    private TaskQueue queue;
    private ServerKey key;
    private LutraServer server;

    @BeforeEach
    void start() {
        database = Database.open(folder.resolve("lutra.db"));
        access = Access.open(database, Clock.systemUTC(), TOKEN);
        queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
        key = ServerKey.of(new Encryption.SelfSigned(folder.resolve("key")), List.of("lutra.test"), Instant.now()).orElseThrow();
        server = serve(Optional.of(key));
    }

    private LutraServer serve(Optional<ServerKey> with) {
        return LutraServer.start("127.0.0.1", 0, with, access, queue, new ModelStore(folder.resolve("models")));
    }

    @AfterEach
    void stop() {
        server.close();
        database.close();
    }

    private ServerAddress address(String of, Optional<KeyFingerprint> known) {
        return new ServerAddress(of, server.port(), known, false);
    }

    private void fails(ServerAddress address, String... parts) {
        assertThatThrownBy(() -> RemoteFleet.connect(address, TOKEN)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("server " + address.shown() + ": cannot be reached (").hasMessageContainingAll(parts);
    }

    /** Whatever it is called: the certificate knows nothing of these names. */
    @Test
    void isKnownByItsKey() {
        for (String name : List.of("127.0.0.1", "localhost")) {
            try (RemoteFleet fleet = RemoteFleet.connect(address(name, Optional.of(key.fingerprint())), TOKEN)) {
                assertThat(fleet.agents()).isEmpty();
            }
        }
    }

    @Test
    void anotherKeyIsRefusedBeforeAnythingIsSaid() {
        KeyFingerprint other = new KeyFingerprint("0".repeat(64));
        fails(address("127.0.0.1", Optional.of(other)), "the server has another key, " + key.fingerprint());
    }

    @Test
    void whoDoesNotEncryptIsToldThatTheServerDoes() {
        fails(address("127.0.0.1", Optional.empty()), "where the server encrypts: 127.0.0.1:" + server.port() + "#sha256:…");
    }

    @Test
    void whoEncryptsIsToldThatTheServerDoesNot() {
        server.close();
        server = serve(Optional.empty());
        fails(address("127.0.0.1", Optional.of(key.fingerprint())), "SSL/TLS");
    }

    /** Somebody in between may do that, too, so that nobody knows whether it is for want of a certificate. */
    @Test
    void whoHangsUpWithoutAWordMayAskForACertificate() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keyStore(), PASSWORD);
        context.init(keys.getKeyManagers(), null, null);
        try (ServerSocket silent = context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> hangUp(silent));
            thread.start();
            fails(new ServerAddress("127.0.0.1", silent.getLocalPort(), Optional.of(key.fingerprint()), false),
                "; expected, where the server asks for a certificate: --client-cert and --client-key");
        }
    }

    private static void hangUp(ServerSocket socket) {
        while (!socket.isClosed()) {
            try (SSLSocket caller = (SSLSocket) socket.accept()) {
                SSLParameters parameters = caller.getSSLParameters();
                parameters.setApplicationProtocols(new String[]{"h2"});
                caller.setSSLParameters(parameters);
                caller.startHandshake();
            } catch (IOException e) {
                // the next one
            }
        }
    }

    private KeyStore keyStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(Files.newInputStream(folder.resolve("key/https.p12")), PASSWORD);
        return store;
    }

    /** As it looks to a caller when a server's process is stopped. */
    @Test
    void whoDoesNotAnswerIsNotTakenForAnotherServer() {
        ServerAddress pinned = address("127.0.0.1", Optional.of(key.fingerprint()));
        assertThat(pinned.hint(new SSLHandshakeException("handshake timed out after 10000ms"))).isEmpty();
        assertThat(pinned.hint(new SSLHandshakeException("the server has another key"))).isEqualTo("; expected: the server with that key");
    }

    /** Elsewhere, without a key: by the certificates that this system trusts, among which one made here is not. */
    @Test
    void withoutAKeyACertificateHasToBeTrusted() {
        ServerAddress elsewhere = new ServerAddress("[::ffff:127.0.0.1]", server.port()); // leads here, and is not known to
        assertThat(elsewhere.isEncrypted()).isTrue();
        assertThat(ServerAddress.parse(elsewhere + "#insecure").isEncrypted()).isFalse();
        assertThat(new ServerAddress("127.0.0.1", 1).isEncrypted()).isFalse();
        assertThat(new ServerAddress("[::1]", 1).isLoopback()).isTrue();
        assertThat(List.of("10.0.0.1", "127.evil.example", "localhost.evil.example", "[::2]", "[2001:db8::1]"))
            .noneMatch(host -> new ServerAddress(host, 1).isLoopback());
        fails(elsewhere, "a certificate that this system trusts, or [::ffff:127.0.0.1]:" + server.port() + "#sha256:…");
    }

    /** As every other tool would compute it. */
    @Test
    void theFingerprintIsThatOfTheKeysPublicPart() throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(keyStore().getCertificate("lutra").getPublicKey().getEncoded());
        assertThat(key.fingerprint()).hasToString("sha256:" + HexFormat.of().formatHex(hash));
        assertThat(ServerAddress.parse("h:1#" + key.fingerprint()).key()).contains(key.fingerprint());
    }
}

package dev.lutra.agent.link;

import dev.lutra.agent.device.StateFile;
import dev.lutra.agent.task.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.KeyProof;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key by which a server knows a device: made here, never sent, in a file that its user alone can read. Each server and name has its own,
 * so that none can pass on to another what a device signs for it. A server is known by its own key, wherever it is reached; where that is
 * not told, by its address. Not safe for use by several threads.
 */
public final class DeviceKey {

    private static final Logger log = LoggerFactory.getLogger(DeviceKey.class);
    private static final int NAME_DIGITS = 32;
    private static final String THIS_MACHINE = "this machine";
    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";

    private final KeyPair pair;
    private final Path file;
    private final boolean isNew;
    /** Null: nowhere. */
    private Path kept;

    private DeviceKey(KeyPair pair, Path file, boolean isNew, Path kept) {
        this.pair = pair;
        this.file = file;
        this.isNew = isNew;
        this.kept = kept;
    }

    /**
     * The key that is kept for a device and server; empty where there is none yet.
     *
     * @throws InputException if what is kept is none
     */
    public static Optional<DeviceKey> find(Path state, ServerAddress server, String device) {
        Path belongs = file(state, server.known(), device);
        // before the server's key was told, or by a Lutra that went by addresses
        Path byAddress = file(state, server.isLoopback() ? THIS_MACHINE : server.shown(), device);
        Path lies = server.key().isPresent() && Files.exists(belongs) ? belongs : byAddress;
        try {
            String text = StateFile.read(lies);
            PrivateFiles.close(lies);
            KeyFactory keys = KeyFactory.getInstance("EC");
            PrivateKey secret = keys.generatePrivate(new PKCS8EncodedKeySpec(block(text, PRIVATE)));
            return Optional.of(new DeviceKey(new KeyPair(KeyProof.publicKey(block(text, PUBLIC)), secret),
                server.key().isPresent() ? belongs : lies, false, lies));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new InputException(lies + ": cannot be read: " + FileTrouble.reason(lies, e));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new InputException(lies + ": no key (expected: what an agent wrote there; without that file it makes another key, for which"
                + " it needs a token)");
        }
    }

    /** A new one, which is this process's alone until it is {@link #keep kept}. */
    public static DeviceKey make(Path state, ServerAddress server, String device) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(KeyProof.CURVE));
            String where = server.key().isEmpty() && server.isLoopback() ? THIS_MACHINE : server.known();
            return new DeviceKey(generator.generateKeyPair(), file(state, where, device), true, null);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has it be there when this agent is started again; returns whether it will be. */
    public boolean keep() {
        if (file.equals(kept)) {
            return true;
        }
        try {
            if (kept != null) {
                Files.move(kept, file, StandardCopyOption.ATOMIC_MOVE);
            } else {
                write();
            }
            kept = file;
            return true;
        } catch (IOException e) {
            log.warn("{}: cannot be written: {}; when this agent is started again, it needs a new token", file, FileTrouble.reason(file, e));
            return false;
        }
    }

    private void write() throws IOException {
        Path part = Files.createTempFile(PrivateFiles.make(file.getParent()), "key-", ".part", PrivateFiles.attributes());
        try {
            Files.writeString(part, block(PRIVATE, pair.getPrivate().getEncoded()) + block(PUBLIC, publicKey()));
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** No server knows it: one that was just made leaves nothing. */
    void drop() {
        if (isNew && kept != null) {
            try {
                Files.deleteIfExists(kept);
                kept = null;
            } catch (IOException e) {
                log.debug("{}: stays", kept, e);
            }
        }
    }

    private static Path file(Path state, String where, String device) {
        return state.resolve("key-" + Sha256.of(where + " " + device).substring(0, NAME_DIGITS) + ".pem");
    }

    private static String block(String type, byte[] der) {
        String lines = Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n";
    }

    private static byte[] block(String text, String type) {
        Matcher pem = Pattern.compile("-----BEGIN " + type + "-----([A-Za-z0-9+/=\\s]+)-----END " + type + "-----").matcher(text);
        if (!pem.find()) {
            throw new IllegalArgumentException("no " + type);
        }
        return Base64.getMimeDecoder().decode(pem.group(1));
    }

    /** X.509 SubjectPublicKeyInfo. */
    byte[] publicKey() {
        return pair.getPublic().getEncoded();
    }

    byte[] sign(KeyProof.Purpose purpose, String device, byte[] challenge) {
        return KeyProof.sign(pair.getPrivate(), purpose, device, challenge);
    }
}

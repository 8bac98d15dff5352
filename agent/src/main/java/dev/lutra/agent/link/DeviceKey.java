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
 * so that none can pass on to another what a device signs for it.
 */
public final class DeviceKey {

    private static final Logger log = LoggerFactory.getLogger(DeviceKey.class);
    private static final int NAME_DIGITS = 32;
    private static final String THIS_MACHINE = "this machine";
    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";

    private final KeyPair pair;

    private DeviceKey(KeyPair pair) {
        this.pair = pair;
    }

    /**
     * The key that is kept for a device and server; empty where there is none yet.
     *
     * @throws InputException if what is kept is none
     */
    public static Optional<DeviceKey> find(Path state, ServerAddress server, String device) {
        Path file = file(state, server, device);
        try {
            String text = StateFile.read(file);
            PrivateFiles.close(file);
            KeyFactory keys = KeyFactory.getInstance("EC");
            PrivateKey secret = keys.generatePrivate(new PKCS8EncodedKeySpec(block(text, PRIVATE)));
            return Optional.of(new DeviceKey(new KeyPair(KeyProof.publicKey(block(text, PUBLIC)), secret)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + FileTrouble.reason(file, e));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new InputException(file + ": no key (expected: what an agent wrote there; without that file it makes another key, for which"
                + " it needs a token)");
        }
    }

    /** A new one, which is kept from now on. Where nothing can be kept, it is this process's alone. */
    public static DeviceKey make(Path state, ServerAddress server, String device) {
        DeviceKey made;
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(KeyProof.CURVE));
            made = new DeviceKey(generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Path file = file(state, server, device);
        try {
            Files.createDirectories(state);
            Path part = Files.createTempFile(state, "key-", ".part", PrivateFiles.attributes());
            try {
                Files.writeString(part, block(PRIVATE, made.pair.getPrivate().getEncoded()) + block(PUBLIC, made.publicKey()));
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            log.warn("{}: cannot be written: {}; when this agent is started again, it needs a new token", file, FileTrouble.reason(file, e));
        }
        return made;
    }

    private static Path file(Path state, ServerAddress server, String device) {
        String where = server.isLoopback() ? THIS_MACHINE : server.shown();
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

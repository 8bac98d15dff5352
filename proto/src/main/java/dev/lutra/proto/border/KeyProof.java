package dev.lutra.proto.border;

import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;

/**
 * How an agent shows that it has a key: it signs what it wants, for which device, and the server's challenge. ECDSA on P-256 with
 * SHA-256, r and s of 32 bytes each (IEEE P1363), which is what browsers' WebCrypto makes.
 */
public final class KeyProof {

    /** The curve, as Java calls it. */
    public static final String CURVE = "secp256r1";

    private static final String SIGNATURE = "SHA256withECDSAinP1363Format";
    private static final String VERSION = "lutra-agent-key-v1";

    /** What the signature is for; one for the one is none for the other. */
    public enum Purpose {
        /** A device's name for this key. */
        ENROLL("enroll"),
        /** A token to speak for the device with. */
        AUTHENTICATE("authenticate");

        private final String word;

        Purpose(String word) {
            this.word = word;
        }
    }

    private KeyProof() {}

    /** What is signed: version, purpose and device in UTF-8, each with a line's end, then the challenge. */
    static byte[] bytes(Purpose purpose, String device, byte[] challenge) {
        byte[] head = (VERSION + "\n" + purpose.word + "\n" + device + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] all = new byte[head.length + challenge.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(challenge, 0, all, head.length, challenge.length);
        return all;
    }

    /** The agent's side. */
    public static byte[] sign(PrivateKey key, Purpose purpose, String device, byte[] challenge) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initSign(key);
            signature.update(bytes(purpose, device, challenge));
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The server's side. */
    public static boolean holds(PublicKey key, Purpose purpose, String device, byte[] challenge, byte[] shown) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initVerify(key);
            signature.update(bytes(purpose, device, challenge));
            return signature.verify(shown);
        } catch (SignatureException | InvalidKeyException e) {
            return false; // no signature at all, or no point of the curve
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * A key as it was sent.
     *
     * @param encoded X.509 SubjectPublicKeyInfo
     * @throws IllegalArgumentException when it is no key on P-256
     */
    public static PublicKey publicKey(byte[] encoded) {
        try {
            PublicKey key = KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(encoded));
            AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
            curve.init(new ECGenParameterSpec(CURVE));
            if (!((ECPublicKey) key).getParams().getCurve().equals(curve.getParameterSpec(ECParameterSpec.class).getCurve())) {
                throw new IllegalArgumentException("public key: of another curve (expected: P-256)");
            }
            return key;
        } catch (InvalidKeySpecException e) {
            throw new IllegalArgumentException("public key: cannot be read (expected: SubjectPublicKeyInfo of a key on P-256)", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

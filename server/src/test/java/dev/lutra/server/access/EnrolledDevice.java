package dev.lutra.server.access;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.border.KeyProof;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Optional;

/** A device with a key, as its agent would show it. */
public record EnrolledDevice(Access access, String name, KeyPair key) {

    /** Made, and known to the server from now on. */
    public static EnrolledDevice enrolled(Access access, String name) {
        EnrolledDevice device = made(access, name);
        device.enroll(new Caller(Role.OPERATOR, "test", Optional.empty()));
        return device;
    }

    /** Made, and known to nobody. */
    public static EnrolledDevice made(Access access, String name) {
        try {
            KeyPairGenerator keys = KeyPairGenerator.getInstance("EC");
            keys.initialize(new ECGenParameterSpec(KeyProof.CURVE));
            return new EnrolledDevice(access, name, keys.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As whoever joins with a token. */
    public void enroll(Caller caller) {
        access.enroll(enrollment(), caller);
    }

    public EnrollRequest enrollment() {
        ByteString challenge = access.challenge().getChallenge();
        return EnrollRequest.newBuilder().setDevice(name).setPublicKey(ByteString.copyFrom(key.getPublic().getEncoded()))
            .setChallenge(challenge).setSignature(signed(KeyProof.Purpose.ENROLL, challenge)).build();
    }

    public AuthenticateRequest authentication() {
        ByteString challenge = access.challenge().getChallenge();
        return AuthenticateRequest.newBuilder().setDevice(name).setChallenge(challenge)
            .setSignature(signed(KeyProof.Purpose.AUTHENTICATE, challenge)).build();
    }

    private ByteString signed(KeyProof.Purpose purpose, ByteString challenge) {
        return ByteString.copyFrom(KeyProof.sign(key.getPrivate(), purpose, name, challenge.toByteArray()));
    }

    /** A token that speaks for it. */
    public String bearer() {
        return access.authenticate(authentication()).getBearer();
    }
}

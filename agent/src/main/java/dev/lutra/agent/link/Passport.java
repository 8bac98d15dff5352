package dev.lutra.agent.link;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AccessServiceGrpc.AccessServiceBlockingStub;
import dev.lutra.proto.AuthenticateReply;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.ChallengeRequest;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.border.KeyProof;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ProtocolVersion;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a device shows a server: a token for an hour, which it has for the signature of its key, and renews in time. A key that the server
 * does not know becomes the device's by a token that people gave, once. Safe for use by several threads.
 */
public final class Passport {

    private static final Duration ANSWER = Duration.ofSeconds(10);
    /** Of a token's life after which the next is asked for, so that calls under way do not meet its end. */
    private static final double USED = 0.8;

    private final String device;
    private final DeviceKey key;
    private final Optional<String> joinToken;
    private String bearer;
    private long renewNanos;
    /** Whether the server may have taken the key. */
    private boolean isOffered;

    /** @param joinToken to join with, if the server does not know the key yet */
    public Passport(String device, DeviceKey key, Optional<String> joinToken) {
        this.device = device;
        this.key = key;
        this.joinToken = joinToken;
    }

    /**
     * A token to make calls with.
     *
     * @throws StatusRuntimeException if the server gives none; UNAUTHENTICATED: it neither knows the key nor takes the token
     */
    public synchronized String bearer(Channel channel) {
        if (bearer == null || System.nanoTime() - renewNanos > 0) {
            try {
                authenticate(channel);
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() != Status.Code.UNAUTHENTICATED || joinToken.isEmpty()) {
                    dropUnlessOffered();
                    throw e;
                }
                enroll(channel, joinToken.get());
                authenticate(channel);
            }
        }
        return bearer;
    }

    /** The server did not take a token: it was started again, or the device was removed. */
    public synchronized void refused(String shown) {
        if (shown.equals(bearer)) {
            bearer = null;
        }
    }

    private void authenticate(Channel channel) {
        byte[] challenge = challenge(channel);
        AuthenticateReply reply = stub(channel).authenticate(AuthenticateRequest.newBuilder().setDevice(device)
            .setChallenge(ByteString.copyFrom(challenge))
            .setSignature(ByteString.copyFrom(key.sign(KeyProof.Purpose.AUTHENTICATE, device, challenge))).build());
        key.keep(); // as this server's, which knows it
        bearer = reply.getBearer();
        renewNanos = System.nanoTime() + (long) (USED * TimeUnit.MILLISECONDS.toNanos(reply.getLifetimeMillis()));
    }

    private void enroll(Channel channel, String token) {
        byte[] challenge = challenge(channel);
        EnrollRequest request = EnrollRequest.newBuilder().setDevice(device)
            .setPublicKey(ByteString.copyFrom(key.publicKey())).setChallenge(ByteString.copyFrom(challenge))
            .setSignature(ByteString.copyFrom(key.sign(KeyProof.Purpose.ENROLL, device, challenge))).build();
        key.keep(); // first: the token is used up by what comes
        isOffered = true;
        try {
            stub(channel).withInterceptors(TokenHeader.showing(token)).enroll(request);
        } catch (StatusRuntimeException e) {
            isOffered = !isRefusal(e);
            dropUnlessOffered();
            throw e;
        }
    }

    private void dropUnlessOffered() {
        if (!isOffered) {
            key.drop();
        }
    }

    /** Whether the server has certainly not taken the key; where its answer may have been lost, nobody can tell. */
    private static boolean isRefusal(StatusRuntimeException e) {
        return switch (e.getStatus().getCode()) {
            case UNAVAILABLE -> ProtocolVersion.isServers(e);
            case DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNKNOWN -> false;
            default -> true;
        };
    }

    private static byte[] challenge(Channel channel) {
        return stub(channel).challenge(ChallengeRequest.getDefaultInstance()).getChallenge().toByteArray();
    }

    private static AccessServiceBlockingStub stub(Channel channel) {
        return AccessServiceGrpc.newBlockingStub(channel).withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    }
}

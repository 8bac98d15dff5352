package dev.lutra.agent.link;

import com.google.protobuf.ByteString;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AuthenticateReply;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.ChallengeReply;
import dev.lutra.proto.ChallengeRequest;
import dev.lutra.proto.EnrollReply;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.border.KeyProof;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.security.PublicKey;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The door of the scripted server: keeps keys, forgets its bearers when it is stopped. */
public final class ScriptedAccess extends AccessServiceGrpc.AccessServiceImplBase {

    private static final ByteString CHALLENGE = ByteString.copyFromUtf8("sign this");

    public final Map<String, PublicKey> keys = new ConcurrentHashMap<>();
    public final Set<String> bearers = ConcurrentHashMap.newKeySet();
    public volatile long lifetimeMillis = 3_600_000;

    @Override
    public void challenge(ChallengeRequest request, StreamObserver<ChallengeReply> reply) {
        reply.onNext(ChallengeReply.newBuilder().setChallenge(CHALLENGE).build());
        reply.onCompleted();
    }

    @Override
    public void enroll(EnrollRequest request, StreamObserver<EnrollReply> reply) {
        PublicKey key = KeyProof.publicKey(request.getPublicKey().toByteArray());
        check(key, KeyProof.Purpose.ENROLL, request.getDevice(), request.getSignature());
        keys.put(request.getDevice(), key);
        reply.onNext(EnrollReply.getDefaultInstance());
        reply.onCompleted();
    }

    @Override
    public void authenticate(AuthenticateRequest request, StreamObserver<AuthenticateReply> reply) {
        PublicKey key = keys.get(request.getDevice());
        if (key == null) {
            reply.onError(Status.UNAUTHENTICATED.withDescription("device " + request.getDevice() + ": has no key here").asRuntimeException());
            return;
        }
        check(key, KeyProof.Purpose.AUTHENTICATE, request.getDevice(), request.getSignature());
        String bearer = "bearer-" + bearers.size();
        bearers.add(bearer);
        reply.onNext(AuthenticateReply.newBuilder().setBearer(bearer).setLifetimeMillis(lifetimeMillis).build());
        reply.onCompleted();
    }

    private static void check(PublicKey key, KeyProof.Purpose purpose, String device, ByteString signature) {
        if (!KeyProof.holds(key, purpose, device, CHALLENGE.toByteArray(), signature.toByteArray())) {
            throw new StatusRuntimeException(Status.UNAUTHENTICATED.withDescription("not signed with its key"));
        }
    }
}

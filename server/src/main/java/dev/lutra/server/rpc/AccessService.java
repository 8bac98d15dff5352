package dev.lutra.server.rpc;

import dev.lutra.proto.AccessServiceGrpc.AccessServiceImplBase;
import dev.lutra.proto.AuthenticateReply;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.CancelTasksReply;
import dev.lutra.proto.CancelTasksRequest;
import dev.lutra.proto.ChallengeReply;
import dev.lutra.proto.ChallengeRequest;
import dev.lutra.proto.CreateTokenReply;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.DrainDeviceReply;
import dev.lutra.proto.DrainDeviceRequest;
import dev.lutra.proto.EnrollReply;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.ListTokensReply;
import dev.lutra.proto.ListTokensRequest;
import dev.lutra.proto.RemoveDeviceReply;
import dev.lutra.proto.RemoveDeviceRequest;
import dev.lutra.proto.RevokeTokenReply;
import dev.lutra.proto.RevokeTokenRequest;
import dev.lutra.server.access.Access;
import dev.lutra.server.fleet.FleetCalls;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;

/** Keys and tokens, and what an operator takes from devices. */
final class AccessService extends AccessServiceImplBase {

    private final Access access;
    private final FleetCalls calls;

    AccessService(Access access, FleetCalls calls) {
        this.access = access;
        this.calls = calls;
    }

    @Override
    public void challenge(ChallengeRequest request, StreamObserver<ChallengeReply> reply) {
        StreamObservers.nextAndComplete(reply, access.challenge());
    }

    @Override
    public void enroll(EnrollRequest request, StreamObserver<EnrollReply> reply) {
        StreamObservers.nextAndComplete(reply, access.enroll(request, AccessInterceptor.CALLER.get()));
    }

    @Override
    public void authenticate(AuthenticateRequest request, StreamObserver<AuthenticateReply> reply) {
        StreamObservers.nextAndComplete(reply, access.authenticate(request));
    }

    @Override
    public void createToken(CreateTokenRequest request, StreamObserver<CreateTokenReply> reply) {
        StreamObservers.nextAndComplete(reply, access.createToken(request));
    }

    @Override
    public void listTokens(ListTokensRequest request, StreamObserver<ListTokensReply> reply) {
        StreamObservers.nextAndComplete(reply, access.listTokens());
    }

    @Override
    public void revokeToken(RevokeTokenRequest request, StreamObserver<RevokeTokenReply> reply) {
        StreamObservers.nextAndComplete(reply, access.revokeToken(request));
    }

    @Override
    public void removeDevice(RemoveDeviceRequest request, StreamObserver<RemoveDeviceReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.removeDevice(request));
    }

    @Override
    public void cancelTasks(CancelTasksRequest request, StreamObserver<CancelTasksReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.cancelTasks(request));
    }

    @Override
    public void drainDevice(DrainDeviceRequest request, StreamObserver<DrainDeviceReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.drainDevice(request));
    }
}

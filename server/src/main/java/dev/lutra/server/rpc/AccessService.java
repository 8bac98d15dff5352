package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.proto.AccessServiceGrpc.AccessServiceImplBase;
import dev.lutra.proto.AgentState;
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
import dev.lutra.server.fleet.TaskQueue;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;

/** Keys and tokens, and what an operator takes from devices. */
final class AccessService extends AccessServiceImplBase {

    private final Access access;
    private final TaskQueue queue;

    AccessService(Access access, TaskQueue queue) {
        this.access = access;
        this.queue = queue;
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
        access.tokens().revoke(request.getId());
        StreamObservers.nextAndComplete(reply, RevokeTokenReply.getDefaultInstance());
    }

    @Override
    public void removeDevice(RemoveDeviceRequest request, StreamObserver<RemoveDeviceReply> reply) {
        access.removeKey(request.getDevice()); // first, so that its agent cannot come back in between
        StreamObservers.nextAndComplete(reply, RemoveDeviceReply.newBuilder().setFailedTasks(queue.remove(request.getDevice())).build());
    }

    @Override
    public void cancelTasks(CancelTasksRequest request, StreamObserver<CancelTasksReply> reply) {
        int cancelled = cancelled(request);
        StreamObservers.nextAndComplete(reply, CancelTasksReply.newBuilder().setCancelled(cancelled).build());
    }

    private int cancelled(CancelTasksRequest request) {
        int ids = request.getTaskIdsCount();
        if (ids > FleetService.MOST_ASKED) {
            throw new InputException("task_ids: " + ids + " (expected: at most " + FleetService.MOST_ASKED + " in a call)");
        }
        if ((ids > 0 ? 1 : 0) + (request.getDevice().isEmpty() ? 0 : 1) + (request.getOwner().isEmpty() ? 0 : 1) != 1) {
            throw new InputException("tasks to cancel: named in several ways or none (expected: task_ids, device or owner)");
        }
        if (ids > 0) {
            return queue.cancel(request.getTaskIdsList());
        }
        return request.getDevice().isEmpty() ? queue.cancelOfOwner(request.getOwner()) : queue.cancel(request.getDevice());
    }

    @Override
    public void drainDevice(DrainDeviceRequest request, StreamObserver<DrainDeviceReply> reply) {
        queue.drain(request.getDevice(), request.getDraining());
        int leased = queue.agent(request.getDevice()).map(AgentState::getLeasedTasks).orElse(0);
        StreamObservers.nextAndComplete(reply, DrainDeviceReply.newBuilder().setLeasedTasks(leased).build());
    }
}

package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceImplBase;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.ModelStore;
import io.grpc.Context;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The agents' side of the queue. */
final class AgentService extends AgentServiceImplBase {

    private final TaskQueue queue;
    private final ModelStore models;

    AgentService(TaskQueue queue, ModelStore models) {
        this.queue = queue;
        this.models = models;
    }

    @Override
    public void join(JoinRequest request, StreamObserver<JoinReply> reply) {
        String session = queue.join(request);
        StreamObservers.nextAndComplete(reply,
                JoinReply.newBuilder().setSession(session).setLeaseMillis(queue.lease().toMillis()).build());
    }

    @Override
    public void lease(LeaseRequest request, StreamObserver<LeaseReply> reply) {
        LeaseReply.Builder leased = LeaseReply.newBuilder();
        Context call = Context.current();
        queue.await(LutraServer.allowedWait(request.getWaitMillis()), () -> {
            if (call.isCancelled()) {
                return true; // nobody is there to take a task
            }
            leased.addAllTasks(queue.lease(request.getSession(), request.getMaxTasks()));
            return leased.getTasksCount() > 0;
        });
        StreamObservers.nextAndComplete(reply, leased.build());
    }

    @Override
    public void renew(RenewRequest request, StreamObserver<RenewReply> reply) {
        StreamObservers.nextAndComplete(reply,
                RenewReply.newBuilder().addAllHeld(queue.renew(request.getSession(), request.getLeasesList())).build());
    }

    @Override
    public void fetchModel(FetchModelRequest request, StreamObserver<ModelChunk> reply) {
        queue.checkSession(request.getSession());
        Path file = models.find(request.getSha256())
                .orElseThrow(() -> new InputException("model " + request.getSha256() + " is not stored"));
        try (FileChannel channel = FileChannel.open(file)) {
            // the map outlives the channel, and pages come in no sooner than the agent takes them
            StreamObservers.copyWithFlowControl(
                    Transfer.chunks(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())),
                    (CallStreamObserver<ModelChunk>) reply);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void report(ReportRequest request, StreamObserver<ReportReply> reply) {
        boolean accepted = queue.report(request.getSession(), request.getLease(), request.getOutcome());
        StreamObservers.nextAndComplete(reply, ReportReply.newBuilder().setAccepted(accepted).build());
    }
}

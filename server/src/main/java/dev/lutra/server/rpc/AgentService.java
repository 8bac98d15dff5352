package dev.lutra.server.rpc;

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
import dev.lutra.server.fleet.AgentCalls;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;

/** The agents' side of the queue. */
final class AgentService extends AgentServiceImplBase {

    private final AgentCalls calls;

    AgentService(AgentCalls calls) {
        this.calls = calls;
    }

    @Override
    public void join(JoinRequest request, StreamObserver<JoinReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.join(request));
    }

    @Override
    public void lease(LeaseRequest request, StreamObserver<LeaseReply> reply) {
        Replies.later(reply, calls.lease(request));
    }

    @Override
    public void renew(RenewRequest request, StreamObserver<RenewReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.renew(request));
    }

    @Override
    public void fetchModel(FetchModelRequest request, StreamObserver<ModelChunk> reply) {
        StreamObservers.copyWithFlowControl(
            Transfer.chunks(calls.model(request), data -> ModelChunk.newBuilder().setData(data).build()), (CallStreamObserver<ModelChunk>) reply);
    }

    @Override
    public void report(ReportRequest request, StreamObserver<ReportReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.report(request));
    }
}

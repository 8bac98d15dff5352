package dev.lutra.server.rpc;

import dev.lutra.proto.CompareDevicesReply;
import dev.lutra.proto.CompareDevicesRequest;
import dev.lutra.proto.FleetServiceGrpc.FleetServiceImplBase;
import dev.lutra.proto.ListAgentsReply;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ListTasksReply;
import dev.lutra.proto.ListTasksRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.OutcomesReply;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.PutModelReply;
import dev.lutra.proto.SubmitReply;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.server.fleet.FleetCalls;
import dev.lutra.server.store.ModelStore;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;

/** The fleet of this process, for experiments elsewhere. */
final class FleetService extends FleetServiceImplBase {

    private final FleetCalls calls;

    FleetService(FleetCalls calls) {
        this.calls = calls;
    }

    @Override
    public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.listAgents(request));
    }

    @Override
    public void compareDevices(CompareDevicesRequest request, StreamObserver<CompareDevicesReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.compareDevices());
    }

    @Override
    public void listTasks(ListTasksRequest request, StreamObserver<ListTasksReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.listTasks(request));
    }

    @Override
    public StreamObserver<ModelChunk> putModel(StreamObserver<PutModelReply> reply) {
        ModelStore.Upload upload = calls.receiveModel();
        return new StreamObserver<>() {
            @Override
            public void onNext(ModelChunk chunk) {
                try {
                    upload.write(chunk.getData().toByteArray());
                } catch (RuntimeException e) {
                    upload.close();
                    throw e;
                }
            }

            @Override
            public void onError(Throwable callerGone) {
                upload.close();
            }

            @Override
            public void onCompleted() {
                try (upload) {
                    StreamObservers.nextAndComplete(reply, PutModelReply.newBuilder().setSha256(upload.store()).build());
                }
            }
        };
    }

    @Override
    public void submit(SubmitRequest request, StreamObserver<SubmitReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.submit(request));
    }

    @Override
    public void outcomes(OutcomesRequest request, StreamObserver<OutcomesReply> reply) {
        Replies.later(reply, calls.outcomes(request));
    }
}

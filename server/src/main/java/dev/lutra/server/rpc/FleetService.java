package dev.lutra.server.rpc;

import dev.lutra.proto.FleetServiceGrpc.FleetServiceImplBase;
import dev.lutra.proto.ListAgentsReply;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.OutcomesReply;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.PutModelReply;
import dev.lutra.proto.SubmitReply;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.Fleet;
import dev.lutra.server.store.ModelStore;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;
import java.util.List;

/** The fleet of this process, for experiments elsewhere. */
final class FleetService extends FleetServiceImplBase {

    private final Fleet fleet;
    private final ModelStore models;

    FleetService(Fleet fleet, ModelStore models) {
        this.fleet = fleet;
        this.models = models;
    }

    @Override
    public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsReply> reply) {
        StreamObservers.nextAndComplete(reply, ListAgentsReply.newBuilder().addAllAgents(fleet.agents()).build());
    }

    @Override
    public StreamObserver<ModelChunk> putModel(StreamObserver<PutModelReply> reply) {
        ModelStore.Upload upload = models.receive();
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
        fleet.submit(request.getDevice(), request.getTasksList());
        StreamObservers.nextAndComplete(reply, SubmitReply.getDefaultInstance());
    }

    @Override
    public void outcomes(OutcomesRequest request, StreamObserver<OutcomesReply> reply) {
        List<TaskOutcome> done = fleet.outcomes(request.getTaskIdsList(), request.getKnownDone(),
            AgentCalls.allowedWait(request.getWaitMillis()));
        StreamObservers.nextAndComplete(reply, OutcomesReply.newBuilder().addAllDone(Transfer.fitting(done)).build());
    }
}

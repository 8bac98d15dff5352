package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.proto.AgentState;
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
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.TaskState;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.LocalFleet;
import dev.lutra.server.fleet.Submitter;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.store.ModelStore;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The fleet of this process, for experiments elsewhere. */
final class FleetService extends FleetServiceImplBase {

    /** Devices or tasks in a reply, unless the caller says how many, and at most: with all their descriptions they fit in a message. */
    private static final int USUAL_ITEMS = 100;
    private static final int MOST_ITEMS = 1000;
    /** Tasks that a call asks after. */
    static final int MOST_ASKED = 10_000;
    private static final int MOST_PRIORITY = 100;
    private static final int LONGEST_OWNER = 64;

    private final LocalFleet fleet;
    private final TaskQueue queue;
    private final ModelStore models;

    FleetService(LocalFleet fleet, TaskQueue queue, ModelStore models) {
        this.fleet = fleet;
        this.queue = queue;
        this.models = models;
    }

    @Override
    public void listAgents(ListAgentsRequest request, StreamObserver<ListAgentsReply> reply) {
        int most = allowedItems(request.getMost());
        List<AgentState> agents = request.getDevice().isEmpty()
            ? fleet.agents(request.getAfter(), most)
            : fleet.agent(request.getDevice()).stream().toList();
        StreamObservers.nextAndComplete(reply, ListAgentsReply.newBuilder().addAllAgents(Transfer.fitting(agents)).build());
    }

    @Override
    public void compareDevices(CompareDevicesRequest request, StreamObserver<CompareDevicesReply> reply) {
        StreamObservers.nextAndComplete(reply, CompareDevicesReply.newBuilder().addAllStandings(Transfer.fitting(fleet.standings())).build());
    }

    @Override
    public void listTasks(ListTasksRequest request, StreamObserver<ListTasksReply> reply) {
        List<TaskState> tasks = queue.unfinished(request.getDevice(), request.getOwner(),
            new TaskQueue.Place(request.getAfterDevice(), request.getAfterPosition()), allowedItems(request.getMost()));
        StreamObservers.nextAndComplete(reply, ListTasksReply.newBuilder().addAllTasks(Transfer.fitting(tasks)).build());
    }

    private static int allowedItems(int asked) {
        return asked < 1 ? USUAL_ITEMS : Math.min(asked, MOST_ITEMS);
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
        int priority = request.getPriority();
        if (Math.abs((long) priority) > MOST_PRIORITY) {
            throw new InputException("priority: " + priority + " (expected: -" + MOST_PRIORITY + " to " + MOST_PRIORITY + ")");
        }
        fleet.submit(request.getDevice(), request.getTasksList(), new Submitter(owner(request.getOwner()), priority));
        StreamObservers.nextAndComplete(reply, SubmitReply.getDefaultInstance());
    }

    @Override
    public void outcomes(OutcomesRequest request, StreamObserver<OutcomesReply> reply) {
        if (request.getTaskIdsCount() > MOST_ASKED) {
            throw new InputException("task_ids: " + request.getTaskIdsCount() + " (expected: at most " + MOST_ASKED + " in a call)");
        }
        CompletableFuture<List<TaskOutcome>> done = fleet.outcomes(request.getTaskIdsList(), request.getKnownDone(), owner(request.getOwner()),
            AgentCalls.allowedWait(request.getWaitMillis()));
        CompletableFuture<OutcomesReply> answer = done
            .thenApply(outcomes -> OutcomesReply.newBuilder().addAllDone(Transfer.fitting(outcomes)).build());
        answer.whenComplete((result, problem) -> done.cancel(false)); // does nothing to one that is complete
        Replies.later(reply, answer);
    }

    private static String owner(String name) {
        if (name.length() > LONGEST_OWNER) {
            throw new InputException("owner: " + name.length() + " characters (expected: at most " + LONGEST_OWNER + ")");
        }
        return name;
    }
}

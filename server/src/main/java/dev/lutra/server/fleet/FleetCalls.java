package dev.lutra.server.fleet;

import com.google.protobuf.MessageLite;
import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.CancelTasksReply;
import dev.lutra.proto.CancelTasksRequest;
import dev.lutra.proto.CompareDevicesReply;
import dev.lutra.proto.DrainDeviceReply;
import dev.lutra.proto.DrainDeviceRequest;
import dev.lutra.proto.ListAgentsReply;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ListTasksReply;
import dev.lutra.proto.ListTasksRequest;
import dev.lutra.proto.OutcomesReply;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.RemoveDeviceReply;
import dev.lutra.proto.RemoveDeviceRequest;
import dev.lutra.proto.SubmitReply;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.server.store.ModelStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What the calls about devices, models and tasks do, whatever carries them: gRPC for commands and runs, HTTP for pages and programs. */
public final class FleetCalls {

    /** A task's inputs or outputs are one message, so this also limits a batch of images. */
    public static final int MOST_MESSAGE_BYTES = 64 << 20;
    /** Tasks that a call names. */
    public static final int MOST_NAMED = 10_000;

    /** Lists are cut so that a full message has room for one large element more. */
    private static final int MOST_LIST_BYTES = MOST_MESSAGE_BYTES / 2;
    /** Devices or tasks in a reply, unless the caller says how many, and at most: with all their descriptions they fit in a message. */
    private static final int USUAL_ITEMS = 100;
    private static final int MOST_ITEMS = 1000;
    private static final int LONGEST_OWNER = 64;

    private final TaskQueue queue;
    private final ModelStore models;
    private final LocalFleet fleet;
    private final Consumer<String> removeKey;

    /** @param removeKey takes a device's key away */
    public FleetCalls(TaskQueue queue, ModelStore models, Consumer<String> removeKey) {
        this.queue = queue;
        this.models = models;
        this.fleet = new LocalFleet(queue, models);
        this.removeKey = removeKey;
    }

    /** Devices with all that they say of themselves. */
    public ListAgentsReply listAgents(ListAgentsRequest request) {
        List<AgentState> agents = request.getDevice().isEmpty()
            ? fleet.agents(request.getAfter(), allowedItems(request.getMost()))
            : fleet.agent(request.getDevice()).stream().toList();
        return ListAgentsReply.newBuilder().addAllAgents(fitting(agents)).build();
    }

    /** See {@link TaskQueue#standings()}. */
    public CompareDevicesReply compareDevices() {
        return CompareDevicesReply.newBuilder().addAllStandings(fitting(fleet.standings())).build();
    }

    /** Has a device finish what it has and get nothing else, or get tasks again. */
    public DrainDeviceReply drainDevice(DrainDeviceRequest request) {
        queue.drain(request.getDevice(), request.getDraining());
        return DrainDeviceReply.newBuilder().setLeasedTasks(queue.agent(request.getDevice()).map(AgentState::getLeasedTasks).orElse(0)).build();
    }

    /** See {@link TaskQueue#remove}; the device's key goes, too. */
    public RemoveDeviceReply removeDevice(RemoveDeviceRequest request) {
        removeKey.accept(request.getDevice()); // first, so that its agent cannot come back in between
        return RemoveDeviceReply.newBuilder().setFailedTasks(queue.remove(request.getDevice())).build();
    }

    /** Begins to store a model that comes in parts. */
    public ModelStore.Upload receiveModel() {
        return models.receive();
    }

    /** See {@link LocalFleet#submit(String, List, Submitter)}. */
    public SubmitReply submit(SubmitRequest request) {
        int priority = Submitter.priority("priority", request.getPriority());
        fleet.submit(request.getDevice(), request.getTasksList(), new Submitter(owner(request.getOwner()), priority));
        return SubmitReply.getDefaultInstance();
    }

    /** Tasks that are not done. */
    public ListTasksReply listTasks(ListTasksRequest request) {
        return ListTasksReply.newBuilder().addAllTasks(fitting(queue.unfinished(request.getDevice(), request.getOwner(),
            new TaskQueue.Place(request.getAfterDevice(), request.getAfterPosition()), allowedItems(request.getMost())))).build();
    }

    /**
     * What tasks have come to, waiting for some more.
     *
     * @return to be cancelled when the caller is no longer there
     */
    public CompletableFuture<OutcomesReply> outcomes(OutcomesRequest request) {
        requireFew(request.getTaskIdsCount());
        CompletableFuture<List<TaskOutcome>> done = fleet.outcomes(request.getTaskIdsList(), request.getKnownDone(), owner(request.getOwner()),
            AgentCalls.allowedWait(request.getWaitMillis()));
        CompletableFuture<OutcomesReply> answer = done.thenApply(outcomes -> OutcomesReply.newBuilder().addAllDone(fitting(outcomes)).build());
        answer.whenComplete((result, problem) -> done.cancel(false)); // does nothing to one that is complete
        return answer;
    }

    /**
     * Fails tasks that are not done.
     *
     * @throws InputException if there is nothing of what is named: a name that was mistyped shall not look like one that was cancelled
     */
    public CancelTasksReply cancelTasks(CancelTasksRequest request) {
        int ids = request.getTaskIdsCount();
        requireFew(ids);
        if ((ids > 0 ? 1 : 0) + (request.getDevice().isEmpty() ? 0 : 1) + (request.getOwner().isEmpty() ? 0 : 1) != 1) {
            throw new InputException("tasks to cancel: named in several ways or none (expected: task_ids, device or owner)");
        }
        return CancelTasksReply.newBuilder().setCancelled(ids > 0
            ? cancelled(request.getTaskIdsList())
            : request.getDevice().isEmpty() ? queue.cancelOfOwner(request.getOwner()) : cancelled(request.getDevice())).build();
    }

    private int cancelled(List<String> ids) {
        int cancelled = queue.cancel(ids);
        if (cancelled == 0) {
            throw new InputException((ids.size() == 1 ? "task " + Names.shown(ids.get(0)) + ": done" : "tasks: all " + ids.size() + " done")
                + ", or not known (expected: one of 'lutra tasks list')");
        }
        return cancelled;
    }

    private int cancelled(String device) {
        if (queue.agent(device).isEmpty() && queue.unfinished(device, "", new TaskQueue.Place("", 0), 1).isEmpty()) {
            throw new InputException("device " + device + ": not known (expected: one of 'lutra devices list')");
        }
        return queue.cancel(device);
    }

    private static void requireFew(int ids) {
        if (ids > MOST_NAMED) {
            throw new InputException("task_ids: " + ids + " (expected: at most " + MOST_NAMED + " in a call)");
        }
    }

    private static int allowedItems(int asked) {
        return asked < 1 ? USUAL_ITEMS : Math.min(asked, MOST_ITEMS);
    }

    private static String owner(String name) {
        if (name.length() > LONGEST_OWNER) {
            throw new InputException("owner: " + name.length() + " characters (expected: at most " + LONGEST_OWNER + ")");
        }
        return name;
    }

    /** The longest beginning of a list that fits in a message, at least one element. */
    public static <M extends MessageLite> List<M> fitting(List<M> messages) {
        List<M> fitting = new ArrayList<>();
        long bytes = 0;
        for (M message : messages) {
            bytes += message.getSerializedSize();
            if (!fitting.isEmpty() && bytes > MOST_LIST_BYTES) {
                break;
            }
            fitting.add(message);
        }
        return fitting;
    }
}

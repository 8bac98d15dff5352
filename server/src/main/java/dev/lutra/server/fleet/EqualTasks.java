package dev.lutra.server.fleet;

import com.google.protobuf.CodedOutputStream;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Tasks that ask a device for the same, whoever submitted them. Each keeps its place in the queue, by its own owner and priority, and is
 * cancelled and given up for itself; whichever is done first is done for all that wait. Later ones have its outcome when they come, if it is
 * sound and the device is what it was: machine, system, runtime, agent, power mode.
 */
final class EqualTasks {

    /** A queued task that waits for what an equal one brings that is under way. */
    static final String WAITS_FOR_AN_EQUAL_ONE = "takes = 1 AND EXISTS (SELECT 1 FROM tasks AS equal_one WHERE equal_one.content = tasks.content"
        + " AND equal_one.device = tasks.device AND equal_one.state = 'leased')";

    private EqualTasks() {}

    /**
     * Ends a task with the newest sound outcome of an equal one, if there is any; says whether there was.
     *
     * @param described the device, as it joined
     * @param setting what it is now for the task's provider, see {@link #setting(JoinRequest, String)}
     */
    static boolean endWithKnown(Handle handle, Task task, String content, String device, Device described, String setting, long dateMillis) {
        Optional<byte[]> known = handle.createQuery("SELECT outcome FROM tasks WHERE content = :content AND device = :device"
            + " AND state = 'done' AND setting = :setting ORDER BY finished_millis DESC LIMIT 1")
            .bind("content", content).bind("device", device).bind("setting", setting)
            .map((row, context) -> row.getBytes("outcome")).findOne()
            .filter(outcome -> isSound(task, TaskQueue.parse(Outcome.parser(), outcome), described));
        return known.isPresent()
            && !Ended.all(handle, "id = :id", Map.of("id", task.getId()), known.get(), setting, dateMillis).isEmpty();
    }

    /** Ends those that wait with what has come of an equal one, and keeps it for those who come later; returns the ended. */
    static List<String> endOthers(Handle handle, Task task, String content, String device, Outcome outcome, JoinRequest joined, long dateMillis) {
        boolean sound = isSound(task, outcome, joined.getDevice());
        String setting = sound ? setting(joined, task.getProvider(), powerMode(outcome, joined)) : null;
        if (sound) {
            handle.createUpdate("UPDATE tasks SET setting = :setting WHERE id = :id").bind("setting", setting).bind("id", task.getId())
                .execute();
        }
        // what little time gave is for those who had no more
        return sound || outcome.hasFailed() || !task.hasBudget()
            ? end(handle, content, device, outcome, setting, dateMillis)
            : List.of();
    }

    /** Ends those that wait for what cannot be had; returns them. */
    static List<String> endAll(Handle handle, List<Ended> failed, Outcome outcome, long dateMillis) {
        List<String> ended = new ArrayList<>();
        failed.forEach(task -> task.content()
            .ifPresent(content -> ended.addAll(end(handle, content, task.device(), outcome, null, dateMillis))));
        return ended;
    }

    private static List<String> end(Handle handle, String content, String device, Outcome outcome, String setting, long dateMillis) {
        return Ended.ids(Ended.all(handle, "content = :content AND device = :device AND takes = 1",
            Map.of("content", content, "device", device), outcome.toByteArray(), setting, dateMillis));
    }

    /** Whether an outcome is what anybody would have got, however much time they have. */
    private static boolean isSound(Task task, Outcome outcome, Device device) {
        return OutcomeCheck.isFinal(task.toBuilder().clearBudget().build(), outcome, device);
    }

    private static String powerMode(Outcome outcome, JoinRequest joined) {
        Measured measured = outcome.getMeasured();
        return measured.hasCircumstances() ? measured.getCircumstances().getSystem().getPowerMode() : joined.getPowerMode();
    }

    /** What a device is now, as far as a model's latency with a provider follows from it. */
    static String setting(JoinRequest joined, String provider) {
        return setting(joined, provider, joined.getPowerMode());
    }

    /** What a device is, as far as a model's latency follows from it. An agent of another version may measure in another way. */
    private static String setting(JoinRequest joined, String provider, String powerMode) {
        List<RuntimeOffer> offers = joined.getRuntimesList().stream().filter(offer -> offer.getProvidersList().contains(provider))
            .map(offer -> RuntimeOffer.newBuilder().setName(offer.getName()).setVersion(offer.getVersion()).build()).toList();
        JoinRequest identity = JoinRequest.newBuilder().setDevice(joined.getDevice()).setAgentVersion(joined.getAgentVersion())
            .setMachine(joined.getMachine()).setPowerMode(powerMode).addAllRuntimes(offers).build();
        byte[] bytes = new byte[identity.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization(); // maps have no order
        try {
            identity.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Sha256.of(bytes);
    }
}

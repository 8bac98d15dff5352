package dev.lutra.server.fleet;

import dev.lutra.proto.AgentState;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Devices that run models for experiments. All methods may be repeated without harm, also after a crash of either side.
 */
public interface Fleet {

    /** Every device that has ever joined, by name. */
    List<AgentState> agents();

    /** A device; empty until it has joined. */
    Optional<AgentState> agent(String device);

    /**
     * Stores a model for tasks to name.
     *
     * @param onnx the file's bytes, at most 1 GiB
     * @return lower-case hex of its SHA-256
     */
    String putModel(byte[] onnx);

    /**
     * Adds tasks to the end of a device's queue; a task whose id is already known is left as it is, unless it failed or did not converge:
     * then it is done again. The device may join later.
     *
     * @throws dev.lutra.InputException when a task has no id, a number of it is out of its range, or its model is not stored or not one
     *     self-contained file; no task is added then
     */
    void submit(String device, List<Task> tasks);

    /**
     * Outcomes of those of the tasks that are done, in the order of the ids.
     *
     * @param knownDone how many the caller knows to be done: returns as soon as there are more, or all are done
     * @param wait how long to wait for that; afterwards the answer is what there is
     * @throws dev.lutra.InputException when an id was never submitted
     */
    List<TaskOutcome> outcomes(Collection<String> ids, int knownDone, Duration wait);
}

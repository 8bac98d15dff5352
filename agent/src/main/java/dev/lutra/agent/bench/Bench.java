package dev.lutra.agent.bench;

import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Memory;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Where models run: a process of its own, so that a model that crashes the native runtime does not take the agent down and so
 * that measurements can be spread over several processes. Not thread-safe.
 */
public interface Bench extends AutoCloseable {

    /**
     * One round of a task: opens a session, warms up and samples for a slice as its rules say, closes. A task without rules
     * runs once, for its outputs.
     *
     * @param keepOpen whether the session stays open in the process, for further slices of an equal task and model
     * @param abandoned asked while waiting; once true, the process is ended
     * @throws TaskFailure if the task cannot be done here, also because it crashed the process (the reason says so); the next call
     *     finds a new process
     * @throws dev.lutra.agent.task.Overslept if the machine slept meanwhile
     * @throws InterruptedException if interrupted or abandoned
     */
    Slice slice(Task task, byte[] onnx, boolean keepOpen, BooleanSupplier abandoned) throws InterruptedException;

    /** As above, in a session of its own. */
    default Slice slice(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException {
        return slice(task, onnx, false, abandoned);
    }

    /**
     * The memory that a task's model takes, opened and run a few times in a session of its own, over what the process had before: in a
     * process that had other models before, what they have left behind is used again and not counted.
     *
     * @param abandoned as of a slice
     * @return empty where it cannot be told: the system does not say, or the model lies in the memory of another device
     * @throws TaskFailure as a slice
     */
    Optional<Memory> memory(Task task, byte[] onnx, BooleanSupplier abandoned) throws InterruptedException;

    /** Whether what runs a task's model takes every form that an operator of ONNX has, as ONNX Runtime does. */
    default boolean takesEveryForm(Task task) {
        return true;
    }

    /** Ends the process; the next slice runs in a new one. */
    void renew();

    /**
     * The same, but the new one allocates memory as the system does where nobody has set it otherwise: Lutra's launcher sets it for
     * training, so that freed memory stays.
     */
    void renewForMemory();

    @Override
    void close();
}

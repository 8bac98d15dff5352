package dev.lutra.server.fleet;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.AgentState;
import dev.lutra.proto.Standing;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.SelfContainedModel;
import dev.lutra.proto.border.TaskLimits;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.store.Patience;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** The fleet of a server in this process. */
public final class LocalFleet implements Fleet {

    private static final TextLimits TEXT = new TextLimits(2000, 1024);

    private final TaskQueue queue;
    private final ModelStore models;
    private final Optional<Patience> patience;

    /** For callers who are told of trouble with storage, by a {@link dev.lutra.server.store.StorageException}, and try again. */
    public LocalFleet(TaskQueue queue, ModelStore models) {
        this(queue, models, Optional.empty());
    }

    /** For a run of this process, which waits until storage works. */
    public LocalFleet(TaskQueue queue, ModelStore models, Patience patience) {
        this(queue, models, Optional.of(patience));
    }

    private LocalFleet(TaskQueue queue, ModelStore models, Optional<Patience> patience) {
        this.queue = Objects.requireNonNull(queue);
        this.models = Objects.requireNonNull(models);
        this.patience = patience;
    }

    private <R> R stored(Supplier<R> step) {
        return patience.isPresent() ? patience.get().waitOut(step) : step.get();
    }

    @Override
    public List<AgentState> agents() {
        return stored(queue::agents);
    }

    @Override
    public Optional<AgentState> agent(String device) {
        return stored(() -> queue.agent(device));
    }

    /** See {@link TaskQueue#agents(String, int)}. */
    public List<AgentState> agents(String after, int most) {
        return stored(() -> queue.agents(after, most));
    }

    /** See {@link TaskQueue#standings()}. */
    public List<Standing> standings() {
        return stored(queue::standings);
    }

    @Override
    public String putModel(byte[] onnx) {
        return stored(() -> models.put(onnx));
    }

    @Override
    public void submit(String device, List<Task> tasks) {
        check(device, tasks);
        stored(() -> {
            queue.submit(device, tasks);
            return tasks;
        });
    }

    /** As {@link #submit(String, List)}, for somebody elsewhere, who may have so many tasks that are not done and no more. */
    public void submit(String device, List<Task> tasks, Submitter by) {
        check(device, tasks);
        stored(() -> {
            queue.submit(device, tasks, by);
            return tasks;
        });
    }

    private void check(String device, List<Task> tasks) {
        Names.device("device", device);
        Set<String> seen = new HashSet<>();
        for (Task task : tasks) {
            if (task.getId().isEmpty()) {
                throw new InputException("task '" + task.getLabel() + "': no id");
            }
            TEXT.check(task);
            TaskLimits.problem(task).ifPresent(problem -> {
                throw new InputException("task " + task.getId() + ": " + problem);
            });
            if (seen.add(task.getModelSha256())) {
                checkModel(task);
            }
        }
    }

    private void checkModel(Task task) {
        String model = "task " + task.getId() + ": model " + task.getModelSha256();
        Path file = models.find(task.getModelSha256()).orElseThrow(() -> new InputException(model + " is not stored"));
        try (FileChannel channel = FileChannel.open(file)) {
            // Weights are stepped over, so that little of the file is read.
            SelfContainedModel.problem(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())).ifPresent(problem -> {
                throw new InputException(model + ": " + problem);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + FileTrouble.reason(e), e);
        }
    }

    @Override
    public List<TaskOutcome> outcomes(Collection<String> ids, int knownDone, Duration wait) {
        return stored(() -> {
            try {
                return outcomes(ids, knownDone, Submitter.THIS_PROCESS.owner(), wait).get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return queue.outcomes(new LinkedHashSet<>(ids));
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
            }
        });
    }

    /** As {@link #outcomes(Collection, int, Duration)}, for somebody elsewhere, holding no thread while it waits. */
    public CompletableFuture<List<TaskOutcome>> outcomes(Collection<String> ids, int knownDone, String owner, Duration wait) {
        Set<String> distinct = new LinkedHashSet<>(ids);
        return queue.outcomes(distinct, Math.min(knownDone + 1, distinct.size()), owner, wait);
    }
}

package dev.lutra.agent;

import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Failed;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.Task;
import java.time.Clock;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does one task after another on this device. Whatever is wrong with a task becomes its outcome, not the agent's end. */
public final class TaskRunner {

    private static final Logger log = LoggerFactory.getLogger(TaskRunner.class);

    private final Measurement measurement;
    private final Clock clock;
    private final String agentVersion;

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     * @param clock dates results
     */
    public TaskRunner(LongSupplier nanoTime, Clock clock, String agentVersion) {
        this.measurement = new Measurement(nanoTime);
        this.clock = clock;
        this.agentVersion = agentVersion;
    }

    /**
     * Runs a task's model.
     *
     * @param abandoned asked between runs; once true, the task ends without an outcome
     */
    public Optional<Outcome> run(Task task, byte[] onnx, BooleanSupplier abandoned) {
        try (OrtModel model = OrtModel.open(onnx, task)) {
            Optional<Measured> measured = run(task, model, abandoned);
            measured.ifPresent(result -> log.info("{}", summary(task, result)));
            return measured.map(result -> Outcome.newBuilder().setMeasured(result).build());
        } catch (TaskFailure e) {
            return Optional.of(failed(task, e.getMessage()));
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            log.error("task {}", task.getId(), e);
            return Optional.of(failed(task, TaskFailure.oneLine(e.toString())));
        }
    }

    private Optional<Measured> run(Task task, OrtModel model, BooleanSupplier abandoned) {
        Measured.Builder measured = Measured.newBuilder().setRuntime(model.runtime());
        if (task.hasRules()) {
            Optional<Measurement.Result> result = measurement.measure(model::run, task.getRules(), abandoned);
            if (result.isEmpty()) {
                return Optional.empty();
            }
            measured.setLatency(result.get().latency()).setCircumstances(result.get().circumstances().toBuilder()
                    .setMeasuredAtMillis(clock.millis()).setAgentVersion(agentVersion));
        }
        if (task.getReturnOutputs()) {
            measured.addAllOutputs(model.outputs());
        } else if (!task.hasRules()) {
            model.run();
        }
        return Optional.of(measured.build());
    }

    private static Outcome failed(Task task, String reason) {
        log.warn("{}: failed: {}", name(task), reason);
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason(reason)).build();
    }

    private static String summary(Task task, Measured measured) {
        if (!measured.hasLatency()) {
            return name(task) + ": run once";
        }
        Distribution latency = measured.getLatency();
        Circumstances circumstances = measured.getCircumstances();
        return String.format("%s: p50 %.3f ms ± %.1f %%, %d samples%s%s", name(task), latency.getP50Nanos() / 1e6,
                100 * latency.getRelativeHalfWidth(), latency.getSamples(),
                circumstances.getSteady() ? "" : ", warm-up not steady", circumstances.getConverged() ? "" : ", not converged");
    }

    private static String name(Task task) {
        return task.getLabel().isEmpty() ? task.getId() : task.getLabel();
    }
}

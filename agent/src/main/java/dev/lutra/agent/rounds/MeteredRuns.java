package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.energy.CallEnergy;
import dev.lutra.agent.energy.EnergyCounter;
import dev.lutra.agent.task.Job;
import dev.lutra.proto.Energy;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import dev.lutra.proto.log.Logged;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs of a task beside a counter of energy, in pairs of windows: the device is left idle, then the model runs back to back in a session
 * that is open already.
 */
final class MeteredRuns {

    private static final Logger log = LoggerFactory.getLogger(MeteredRuns.class);
    private static final int PAIRS = 5;

    private final Bench bench;
    private final Rounds.Counters counters;
    private final LongSupplier nanoTime;
    private final Rounds.Pause pause;

    MeteredRuns(Bench bench, Rounds.Counters counters, LongSupplier nanoTime, Rounds.Pause pause) {
        this.bench = bench;
        this.counters = counters;
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /**
     * The energy of one call, in a process of its own; empty where nothing tells it, or not to the end.
     *
     * @throws dev.lutra.agent.task.TaskFailure as a slice of the task
     */
    Optional<Energy> energy(Job job) throws InterruptedException {
        try {
            Optional<EnergyCounter> counter = counters.open(job.task().getProvider(), job.task().getProviderOptionsMap());
            if (counter.isEmpty()) {
                return Optional.empty();
            }
            try (EnergyCounter open = counter.get()) {
                return Optional.of(energy(job, open));
            }
        } catch (IOException e) {
            try (Logged about = job.logged()) {
                log.warn("{}: its energy is not told: {}", job.name(), e.getMessage());
            }
            return Optional.empty();
        } finally {
            bench.renew();
        }
    }

    private Energy energy(Job job, EnergyCounter counter) throws IOException, InterruptedException {
        Task task = job.task().toBuilder().clearReturnOutputs().setRules(backToBack(counter.window())).build();
        bench.renew();
        bench.slice(task, job.onnx(), true, job.abandoned());
        CallEnergy energy = new CallEnergy();
        for (int pair = 0; pair < PAIRS; pair++) {
            long beginNanos = nanoTime.getAsLong();
            double begin = counter.joules();
            pause.nanos(counter.window().toNanos());
            long runsNanos = nanoTime.getAsLong();
            double runs = counter.joules();
            Slice slice = bench.slice(task, job.onnx(), true, job.abandoned());
            long endNanos = nanoTime.getAsLong();
            double end = counter.joules();
            energy.add(new CallEnergy.Window(runs - begin, runsNanos - beginNanos), new CallEnergy.Window(end - runs, endNanos - runsNanos),
                slice.getWarmupRuns() + slice.getSamplesNanosCount());
        }
        return energy.energy(counter.source());
    }

    private static MeasureRules backToBack(Duration window) {
        return MeasureRules.newBuilder().setMinSamples(1).setSliceNanos(window.toNanos()).setMaxMeasureNanos(window.toNanos())
            .setTargetRelativeHalfWidth(1).setMinRounds(1).build();
    }
}

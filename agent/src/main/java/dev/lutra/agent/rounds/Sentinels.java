package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.estimate.ProcessEffect;
import dev.lutra.agent.estimate.Round;
import dev.lutra.agent.estimate.Scaling;
import dev.lutra.agent.estimate.SlopesOverTasks;
import dev.lutra.agent.estimate.Spread;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.Reading;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.sentinel.Sentinel;
import dev.lutra.agent.sentinel.SentinelModel;
import dev.lutra.agent.sentinel.Speed;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Both sentinels under the conditions of some tasks, and what those tasks have told of how latencies behave there. */
final class Sentinels {

    private final Sentinel core;
    private final Sentinel memory;
    private final LongSupplier nanoTime;
    private final SlopesOverTasks slopes = new SlopesOverTasks();
    private final Spread spread = new Spread();
    private final ProcessEffect processes = new ProcessEffect();
    private int failures;
    private boolean unable;

    /**
     * @param conditions a task whose provider, options and threads the sentinels shall have
     * @param ofMemory the larger one
     */
    Sentinels(Task conditions, SentinelModel ofMemory, ReferenceLevels levels, LongSupplier nanoTime) {
        core = new Sentinel(SentinelModel.CORE, Defaults.CORE_USUAL, conditions, levels, nanoTime);
        memory = new Sentinel(ofMemory, Defaults.MEMORY_USUAL, conditions, levels, nanoTime);
        this.nanoTime = nanoTime;
    }

    /**
     * A reading failed. Where sentinels have never run and fail again and again, they cannot: nothing is scaled.
     *
     * @return whether another try is worth it
     */
    boolean triesAgainAfterFailure() {
        failures++;
        unable = !haveWorked() && failures >= Defaults.FAILED_READINGS;
        return !unable;
    }

    boolean areUnable() {
        return unable;
    }

    boolean haveWorked() {
        return core.hasWorked() && memory.hasWorked();
    }

    /**
     * Reads what the core is up to.
     *
     * @throws TaskFailure if the sentinel does not run
     */
    void readCore(Bench bench, BooleanSupplier abandoned, TimeAccount account) throws InterruptedException {
        core.remember(core.read(bench, abandoned, account));
    }

    /**
     * Reads what the memory is up to. What slows the core slows this sentinel too, so a reading after which the core turns out to
     * be slowed does not say.
     *
     * @throws TaskFailure if a sentinel does not run
     */
    void readMemory(Bench bench, BooleanSupplier abandoned, TimeAccount account) throws InterruptedException {
        Reading reading = memory.read(bench, abandoned, account);
        readCore(bench, abandoned, account);
        memory.remember(core.latestSince(reading.atNanos()).filter(core::disturbed).isPresent() ? reading.asInterrupted() : reading);
    }

    /**
     * Whether the core's latest reading still tells, because another one now would cost too much.
     *
     * @param sinceNanos older readings do not tell
     * @param patient whether one that shows interference is to be taken again
     */
    boolean coreIsKnown(long sinceNanos, boolean patient) {
        return core.latestSince(sinceNanos).filter(reading -> !(patient && core.disturbed(reading))
            && nanoTime.getAsLong() - reading.atNanos() < Defaults.SPACING * reading.tookNanos()).isPresent();
    }

    /**
     * Whether the memory's latest readings still tell.
     *
     * @param sinceNanos older readings tell only as long as the core leaves no time for another one
     * @param patient whether those that show interference are to be taken again
     */
    boolean memoryIsKnown(long sinceNanos, boolean patient) {
        long now = nanoTime.getAsLong();
        long recently = Math.max(sinceNanos, now - spaced(Defaults.MEMORY_SPACING));
        if (!patient) {
            return memory.latestSince(recently).isPresent();
        }
        boolean tried = memory.latestSince(Math.max(sinceNanos, now - Defaults.MEMORY_RETRY.toNanos())).isPresent();
        return memory.latestCalmSince(tried ? now - spaced(Defaults.MEMORY_HOLDS) : recently)
            .filter(reading -> !memory.disturbed(reading)).isPresent();
    }

    /** What takes long to read, as where sessions take seconds to open, is not read again so soon and holds for longer. */
    private long spaced(Duration usual) {
        return Math.max(usual.toNanos(), Defaults.SPACING * memory.latestTookNanos());
    }

    /**
     * One slice in the light of the readings next to it.
     *
     * @param unrest by how much the slice itself shows interference, as a multiple of what is tolerated
     * @param sinceNanos when the process began; older readings of the core do not count
     */
    Round round(Slice slice, long atNanos, double unrest, long sinceNanos) {
        if (unable) {
            return new Round(slice, Speed.UNKNOWN, unrest, sinceNanos);
        }
        List<Reading> ofCore = core.nextTo(atNanos, sinceNanos);
        List<Reading> ofMemory = memory.nextTo(atNanos, atNanos - spaced(Defaults.MEMORY_HOLDS));
        if (ofCore.isEmpty() || ofMemory.isEmpty()) {
            return new Round(slice, usual(), Double.MAX_VALUE, sinceNanos);
        }
        double jump = Math.max(jump(ofCore), jump(ofMemory));
        return new Round(slice, Speed.between(ofCore, ofMemory), Math.max(unrest, jump / Defaults.JUMP), sinceNanos);
    }

    private static double jump(List<Reading> next) {
        return Math.abs(Math.log(next.get(0).levelNanos() / next.get(next.size() - 1).levelNanos()));
    }

    /** The speed that the machine has when nothing interferes. */
    Speed usual() {
        if (!haveWorked()) {
            return Speed.UNKNOWN;
        }
        return new Speed(Speed.NearbyReadings.steady(Math.log(core.usualNanos())), Speed.NearbyReadings.steady(Math.log(memory.usualNanos())));
    }

    /** How latencies are scaled, by the tasks that have left and those in hand. */
    Scaling scaling(List<Series> inHand) {
        Scaling.Reference reference = haveWorked()
            ? new Scaling.Reference(Math.log(core.referenceNanos()), Math.log(memory.referenceNanos()))
            : Scaling.Reference.NONE;
        SlopesOverTasks now = slopes.copy();
        inHand.forEach(series -> now.add(series.observations(reference), spread.variance()));
        Scaling before = new Scaling(reference, spread, processes, now.core(), now.memory());
        Spread together = spread.copy();
        ProcessEffect effect = processes.copy();
        inHand.forEach(series -> {
            double[] residuals = series.residuals(before);
            together.add(residuals);
            effect.add(series.observations(reference), residuals);
        });
        return new Scaling(reference, together, effect, before.core(), before.memory());
    }

    /** Learns from a task that leaves. */
    void learn(Series series, Scaling scaling) {
        slopes.add(series.observations(scaling.reference()), scaling.spread().variance());
        double[] residuals = series.residuals(scaling);
        spread.add(residuals);
        processes.add(series.observations(scaling.reference()), residuals);
    }

    void establishReference() {
        if (haveWorked()) {
            core.establishReference();
            memory.establishReference();
        }
    }

    /** Moves the reference of a device that had changed for good before this agent started. */
    void settleReference() {
        if (haveWorked()) {
            core.settleReference();
            memory.settleReference();
        }
    }

    /** Keeps how long the device has been far off the reference. */
    void endRound() {
        if (haveWorked()) {
            core.endRound();
            memory.endRound();
        }
    }
}

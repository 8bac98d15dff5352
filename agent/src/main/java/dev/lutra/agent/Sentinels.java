package dev.lutra.agent;

import dev.lutra.proto.Task;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Both sentinels under the conditions of some tasks, and what those tasks have told of how latencies behave there. */
final class Sentinels {

    private final Sentinel core;
    private final Sentinel memory;
    private final Following following = new Following();
    private final Spread spread = new Spread();
    private SpeedReading latest;
    private boolean unable;

    /**
     * @param conditions a task whose provider, options and threads the sentinels shall have
     * @param ofMemory the larger one
     */
    Sentinels(Task conditions, SentinelModel ofMemory, ReferenceLevels levels, LongSupplier nanoTime) {
        core = new Sentinel(SentinelModel.CORE, conditions, levels, nanoTime);
        memory = new Sentinel(ofMemory, conditions, levels, nanoTime);
    }

    /** One of the sentinels has never run under these conditions and will not: nothing is scaled. */
    void giveUp() {
        unable = true;
    }

    boolean areUnable() {
        return unable;
    }

    boolean haveWorked() {
        return core.hasWorked() && memory.hasWorked();
    }

    /**
     * Reads the machine's speed.
     *
     * @throws TaskFailure if a sentinel does not run
     */
    SpeedReading read(Bench bench, BooleanSupplier abandoned, TimeAccount account) throws InterruptedException {
        Reading first = memory.read(bench, abandoned, account);
        latest = new SpeedReading(core.read(bench, abandoned, account), first);
        return latest;
    }

    /** The latest reading, unless it is from before a moment or something interfered. */
    Optional<SpeedReading> calmSince(long nanos) {
        return Optional.ofNullable(latest).filter(reading -> reading.atNanos() >= nanos && !disturbed(reading));
    }

    /** Whether something interferes now, so that waiting pays. */
    boolean disturbed(SpeedReading reading) {
        return reading.core().interrupted() || reading.memory().interrupted() || slowed(reading) > Defaults.SLOWED;
    }

    private double slowed(SpeedReading reading) {
        return Math.max(core.slowed(reading.core()), memory.slowed(reading.memory()));
    }

    /**
     * What the readings next to a slice say of interference, as a multiple of what is tolerated.
     *
     * @param next one or two
     */
    double disturbance(List<SpeedReading> next) {
        SpeedReading first = next.get(0);
        SpeedReading last = next.get(next.size() - 1);
        double jump = Math.max(jump(first.core(), last.core()), jump(first.memory(), last.memory()));
        return Math.max(Math.max(slowed(first), slowed(last)) / Defaults.SLOWED, jump / Defaults.JUMP);
    }

    private static double jump(Reading before, Reading after) {
        return Math.abs(Math.log(before.levelNanos() / after.levelNanos()));
    }

    /** The speed that the machine has when nothing interferes. */
    Speed usual() {
        return new Speed(Speed.Around.steady(Math.log(core.usualNanos())), Speed.Around.steady(Math.log(memory.usualNanos())));
    }

    /** How latencies are scaled, by the tasks that have left and those in hand. */
    Scaling scaling(List<Series> inHand) {
        Scaling.Reference reference = haveWorked()
                ? new Scaling.Reference(Math.log(core.referenceNanos()), Math.log(memory.referenceNanos())) : Scaling.Reference.NONE;
        Following now = following.copy();
        inHand.forEach(series -> now.add(series.observations(reference), spread.variance()));
        Scaling before = new Scaling(reference, spread, now.core(), now.memory());
        Spread together = spread.copy();
        inHand.forEach(series -> together.add(series.residuals(before)));
        return new Scaling(reference, together, before.core(), before.memory());
    }

    /** Learns from a task that leaves. */
    void learn(Series series, Scaling scaling) {
        following.add(series.observations(scaling.reference()), scaling.spread().variance());
        spread.add(series.residuals(scaling));
    }

    void establishReference() {
        if (haveWorked()) {
            core.establishReference();
            memory.establishReference();
        }
    }

    /** Moves the reference if the device has changed for good. */
    void endRound() {
        if (haveWorked()) {
            core.endRound();
            memory.endRound();
        }
    }
}

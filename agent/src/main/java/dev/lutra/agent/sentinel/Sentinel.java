package dev.lutra.agent.sentinel;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.sentinel.ReferenceLevels.Reference;
import dev.lutra.agent.statistics.Level;
import dev.lutra.agent.statistics.Statistics;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Slice;
import dev.lutra.proto.Task;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells how fast the machine is at the moment by running a {@link SentinelModel} under the conditions of the tasks beside it, and
 * what it usually is capable of; keeps the reference level that all figures are scaled to.
 */
public final class Sentinel {

    private static final Logger log = LoggerFactory.getLogger(Sentinel.class);
    /** A longer gap between two readings was not spent measuring. */
    private static final long LONGEST_STEP_NANOS = Duration.ofSeconds(10).toNanos();

    private final SentinelModel model;
    private final double usualQuantile;
    private final Task conditions;
    private final ReferenceLevels levels;
    private final LongSupplier nanoTime;
    private final Deque<Reading> recent = new ArrayDeque<>();
    private String key;
    private boolean slower;
    private long departedNanos;
    /** Whether the device had changed for good when this agent started. */
    private boolean departedBefore;
    private boolean toldOfDeparture;
    private long recentSinceNanos;
    private double usualNanos;

    /**
     * @param usualQuantile the share of its readings that undercut what the machine usually is capable of
     * @param conditions a task whose provider, options and threads the sentinel shall have
     */
    public Sentinel(SentinelModel model, double usualQuantile, Task conditions, ReferenceLevels levels, LongSupplier nanoTime) {
        this.model = model;
        this.usualQuantile = usualQuantile;
        this.conditions = conditions;
        this.levels = levels;
        this.nanoTime = nanoTime;
    }

    /**
     * Runs it. What it says counts once it is {@link #remember remembered}.
     *
     * @throws TaskFailure if the sentinel does not run under these conditions
     */
    public Reading read(Bench bench, BooleanSupplier abandoned, TimeAccount account) throws InterruptedException {
        long before = nanoTime.getAsLong();
        SentinelModel.Form form = model.form(bench.takesEveryForm(conditions));
        Slice slice = bench.slice(model.task(conditions, form), form.onnx(), model.staysOpen(), abandoned);
        long tookNanos = nanoTime.getAsLong() - before;
        account.sentinel(slice, tookNanos);
        if (key == null) {
            key = ReferenceLevels.key(slice.getRuntime(), slice.getPinnedCoresList(), form);
            departedNanos = levels.get(key).map(Reference::departedNanos).orElse(0L);
            departedBefore = departedNanos >= Defaults.DEPARTED.toNanos();
        }
        boolean interrupted = Level.delayed(slice) > Defaults.DELAYED || Level.halvesApart(slice) > Defaults.HALVES;
        return new Reading(before + tookNanos / 2, tookNanos, Level.nanos(slice), interrupted);
    }

    public void remember(Reading reading) {
        while (!recent.isEmpty() && reading.atNanos() - recent.getFirst().atNanos() > Defaults.USUAL_WINDOW.toNanos()) {
            recent.removeFirst();
        }
        if (recent.isEmpty()) {
            recentSinceNanos = reading.atNanos();
        } else {
            noteDeparture(reading, Math.min(reading.atNanos() - recent.getLast().atNanos(), LONGEST_STEP_NANOS));
        }
        recent.addLast(reading);
        usualNanos = usual();
    }

    private void noteDeparture(Reading reading, long stepNanos) {
        levels.get(key).ifPresent(reference -> {
            double off = Math.log(reading.levelNanos() / reference.levelNanos());
            boolean departed = Math.abs(off) > Defaults.DEPARTURE && (departedNanos == 0 || off > 0 == slower);
            slower = off > 0;
            departedNanos = departed ? departedNanos + stepNanos : 0;
        });
    }

    /** The latest reading, unless it is from before a moment. */
    public Optional<Reading> latestSince(long nanos) {
        return Optional.ofNullable(recent.peekLast()).filter(reading -> reading.atNanos() >= nanos);
    }

    /** The latest reading that nothing interfered with, unless it is from before a moment. */
    public Optional<Reading> latestCalmSince(long nanos) {
        return recent.stream().filter(reading -> !reading.interrupted() && reading.atNanos() >= nanos).reduce((a, b) -> b);
    }

    /** How long the latest reading took; 0 before the first. */
    public long latestTookNanos() {
        return recent.isEmpty() ? 0 : recent.getLast().tookNanos();
    }

    /** Whether something interferes, so that waiting pays. */
    public boolean disturbed(Reading reading) {
        return reading.interrupted() || reading.levelNanos() / usualNanos - 1 > Defaults.SLOWED;
    }

    /**
     * The last reading before a moment and the first one after it, or the only one of them that there is; empty if there is
     * none. Those that something interfered with count only if no other does.
     *
     * @param sinceNanos what is older does not count
     */
    public List<Reading> nextTo(long atNanos, long sinceNanos) {
        List<Reading> known = recent.stream().filter(reading -> reading.atNanos() >= sinceNanos).toList();
        List<Reading> counting = calm(known);
        int after = (int) counting.stream().takeWhile(reading -> reading.atNanos() <= atNanos).count();
        return counting.subList(Math.max(0, after - 1), Math.min(counting.size(), after + 1));
    }

    /** Those that nothing interfered with, or all if that is none. */
    private static List<Reading> calm(List<Reading> readings) {
        List<Reading> calm = readings.stream().filter(reading -> !reading.interrupted()).toList();
        return calm.isEmpty() ? readings : calm;
    }

    /** The level that the machine has when nothing interferes, by the latest readings. */
    public double usualNanos() {
        return usualNanos;
    }

    /**
     * What lies before the first of the latest readings is taken to have been at the reference level, so that a disturbance at the
     * start is known for one: the reference, as far as the readings leave it in doubt.
     */
    private double usual() {
        Optional<Reference> reference = levels.get(key);
        if (reference.isEmpty()) {
            return ofRecent(usualQuantile);
        }
        double share = Math.min(1, (recent.getLast().atNanos() - recentSinceNanos) / (double) Defaults.USUAL_WINDOW.toNanos());
        double most = usualQuantile / share;
        double least = 1 - (1 - usualQuantile) / share;
        return Math.max(least > 0 ? ofRecent(least) : 0,
            Math.min(most < 1 ? ofRecent(most) : Double.POSITIVE_INFINITY, reference.get().levelNanos()));
    }

    private double ofRecent(double quantile) {
        return Statistics.quantile(levelsOf(calm(List.copyOf(recent)).stream()).toArray(), quantile);
    }

    /** The level that figures are scaled to; where there is none yet, what it would be if established now. */
    public double referenceNanos() {
        return levels.get(key).map(reference -> (double) reference.levelNanos()).orElseGet(() -> {
            double most = usualNanos * (1 + Defaults.SLOWED);
            return Statistics.median(levelsOf(recent.stream()).filter(nanos -> nanos <= most).toArray());
        });
    }

    public void establishReference() {
        if (levels.get(key).isEmpty()) {
            double level = referenceNanos();
            log.info("{}: reference level of the sentinel is {} ms from now on", key, millis(level));
            levels.put(key, new Reference(Math.round(level), 0));
        }
    }

    /**
     * Moves the reference if the device had changed for good before this agent started and still is as it was then. Not in between:
     * a board that gets hot in a long table would leave entries on two scales in it.
     */
    public void settleReference() {
        if (!departedBefore || recent.isEmpty()) {
            return;
        }
        departedBefore = false;
        Reference reference = levels.get(key).orElseThrow();
        double level = Statistics.median(levelsOf(calm(List.copyOf(recent)).stream()).toArray());
        boolean departed = Math.abs(Math.log(level / reference.levelNanos())) > Defaults.DEPARTURE;
        if (departed) {
            log.warn("{}: the reference level of the sentinel moves from {} to {} ms, and figures with it, since the device was that"
                + " {} for more than {} min of measuring when an agent last ran here", key, millis(reference.levelNanos()), millis(level),
                level > reference.levelNanos() ? "slow" : "fast", Defaults.DEPARTED.toMinutes());
        }
        departedNanos = 0;
        levels.put(key, new Reference(departed ? Math.round(level) : reference.levelNanos(), 0));
        usualNanos = usual();
    }

    /** Keeps for how long the device has been far off the reference. */
    public void endRound() {
        if (key == null || levels.get(key).isEmpty()) {
            return;
        }
        Reference reference = levels.get(key).get();
        if (departedNanos != reference.departedNanos()) {
            levels.put(key, new Reference(reference.levelNanos(), departedNanos));
        }
        if (departedNanos >= Defaults.DEPARTED.toNanos() && !toldOfDeparture) {
            toldOfDeparture = true;
            log.warn("{}: the device has been {} than its reference for {} min of measuring; figures stay on that scale, with wider"
                + " intervals, until an agent starts anew", key, slower ? "slower" : "faster", Defaults.DEPARTED.toMinutes());
        }
    }

    public boolean hasWorked() {
        return key != null;
    }

    private static DoubleStream levelsOf(Stream<Reading> readings) {
        return readings.mapToDouble(Reading::levelNanos);
    }

    private static String millis(double nanos) {
        return String.format("%.3f", nanos / 1e6);
    }
}

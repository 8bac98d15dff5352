package dev.lutra.agent.estimate;

import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.agent.sentinel.Speed;
import dev.lutra.agent.statistics.Level;
import dev.lutra.proto.Slice;

/**
 * One slice of a task in the light of the sentinels beside it.
 *
 * @param latencyNanos its {@link Level}, which takes sorting thousands of samples and is asked for in every round
 * @param speed what the sentinels say of the machine then
 * @param unrest the worst of its signs of interference but slowness, each as a multiple of what is tolerated
 * @param process a number of the process that it was taken in
 */
public record Round(Slice slice, double latencyNanos, Speed speed, double unrest, long process) {

    public Round(Slice slice, Speed speed, double unrest, long process) {
        this(slice, Level.nanos(slice), speed, unrest, process);
    }

    /** The worst sign of interference, as a multiple of what is tolerated. */
    public double disturbance(Speed usual) {
        return Math.max(unrest, speed.slowerThan(usual) / Defaults.SLOWED);
    }

    /** Interference that comes and goes within a slice lifts its median before its level. */
    public double medianToLevel() {
        return Level.median(slice) / latencyNanos;
    }

    double logLatency() {
        return Math.log(latencyNanos);
    }

    /** The first round's outputs stand for all. */
    public Round withoutOutputs() {
        return new Round(slice.toBuilder().clearOutputs().build(), latencyNanos, speed, unrest, process);
    }
}

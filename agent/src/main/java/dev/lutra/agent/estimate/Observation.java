package dev.lutra.agent.estimate;

import dev.lutra.agent.sentinel.Speed;

/**
 * A slice as estimates see it. The speed of the machine is taken apart into what slows everything and what slows only that which
 * depends on memory, each as the logarithm of how far off the reference it was, positive for slower.
 *
 * @param logLatency logarithm of nanoseconds
 * @param core by the sentinel that fits the core's own caches
 * @param memory by how much the sentinel that does not was slower still
 * @param distance the farther of both sentinels' levels next to the slice from the reference
 * @param process which process the slice was taken in
 */
public record Observation(double logLatency, double core, double memory, double distance, long process) {

    public static Observation of(Round round, Scaling.Reference reference) {
        Speed.NearbyReadings core = round.speed().core();
        Speed.NearbyReadings memory = round.speed().memory();
        double off = core.level() - reference.core();
        return new Observation(round.logLatency(), off, memory.level() - reference.memory() - off,
            Math.max(Math.abs(core.slowest() - reference.core()), Math.abs(memory.slowest() - reference.memory())), round.process());
    }
}

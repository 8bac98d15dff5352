package dev.lutra.measure;

import dev.lutra.cost.Cost;
import dev.lutra.network.Network;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * What measures of one architecture are told from.
 *
 * @param built builds the network: the one thing here that takes time, for measures that look at it
 * @param cost its MACs and parameters
 * @param nanos its predicted latency on the device in question; empty for measures that have none
 * @param p99Nanos its predicted p99 there; empty also where the device's table predicts none
 * @param memoryBytes its predicted peak memory there; empty also where the device's table predicts none
 * @param nanojoules its predicted energy there; empty also where the device's table predicts none
 * @param worstNanos its predicted latency on the device that takes longest; empty where there is none
 * @param accuracy from 0 to 1; empty before it is known
 */
public record Facts(Supplier<Network> built, Cost cost, OptionalLong nanos, OptionalLong p99Nanos, OptionalLong memoryBytes,
    OptionalLong nanojoules, OptionalLong worstNanos, OptionalDouble accuracy) {

    /** Of a network alone. */
    public static Facts of(Network network) {
        return of(() -> network, Cost.of(network));
    }

    /** Of a network that was counted already. */
    public static Facts of(Supplier<Network> built, Cost cost) {
        return new Facts(built, cost, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(),
            OptionalLong.empty(), OptionalDouble.empty());
    }

    /** The network, as it is built. */
    public Network network() {
        return built.get();
    }

    /** The same architecture on a device. */
    public Facts on(long latencyNanos, OptionalLong latencyP99Nanos, OptionalLong peakBytes, OptionalLong energy) {
        return new Facts(built, cost, OptionalLong.of(latencyNanos), latencyP99Nanos, peakBytes, energy, worstNanos, accuracy);
    }

    /** The same architecture on all devices together. */
    public Facts onAll(OptionalLong longestNanos) {
        return new Facts(built, cost, nanos, p99Nanos, memoryBytes, nanojoules, longestNanos, accuracy);
    }

    /** The same architecture when its accuracy is known. */
    public Facts judged(double known) {
        return new Facts(built, cost, nanos, p99Nanos, memoryBytes, nanojoules, worstNanos, OptionalDouble.of(known));
    }
}

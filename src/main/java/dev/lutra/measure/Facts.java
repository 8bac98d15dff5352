package dev.lutra.measure;

import dev.lutra.cost.Cost;
import dev.lutra.latency.Prediction;
import dev.lutra.network.Network;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What measures of one architecture are told from.
 *
 * @param network as it is built
 * @param cost its MACs and parameters
 * @param prediction its latency on the device in question; empty for measures that have none
 * @param accuracy from 0 to 1; empty before it is known
 */
public record Facts(Network network, Cost cost, Optional<Prediction> prediction, OptionalDouble accuracy) {

    /** Of a network alone. */
    public static Facts of(Network network) {
        return new Facts(network, Cost.of(network), Optional.empty(), OptionalDouble.empty());
    }

    /** The same architecture on a device. */
    public Facts on(Prediction device) {
        return new Facts(network, cost, Optional.of(device), accuracy);
    }

    /** The same architecture when its accuracy is known. */
    public Facts judged(double known) {
        return new Facts(network, cost, prediction, OptionalDouble.of(known));
    }
}

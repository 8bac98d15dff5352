package dev.lutra.supernet.evaluation;

import dev.lutra.network.Network;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;

/**
 * One architecture with weights that work: those of the supernet, and running statistics of its own.
 *
 * @param weights read from the supernet when asked for, so valid while that is open
 */
public record Subnet(Architecture architecture, Network network, WeightSource weights) {}

/**
 * What a network costs by counting: operations and parameters under a named {@link dev.lutra.cost.CountingRule}, and the
 * scores that publications make of them. Every rule reads the op graph; none describes a network.
 */
package dev.lutra.cost;

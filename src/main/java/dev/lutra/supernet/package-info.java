/**
 * The supernet: weights that all architectures of a space share, trained and evaluated on DJL. A
 * {@link dev.lutra.supernet.Trainer} trains {@link dev.lutra.supernet.SupernetWeights} on the paths that a
 * {@link dev.lutra.supernet.Sampling} names; a {@link dev.lutra.supernet.SubnetEvaluator} gives any architecture running
 * statistics of its own, its accuracy, and the {@link dev.lutra.supernet.Subnet} that can be exported. All of them run
 * networks through one interpreter of the op graph.
 */
package dev.lutra.supernet;

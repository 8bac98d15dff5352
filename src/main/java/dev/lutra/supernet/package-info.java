/**
 * The supernet: weights that all architectures of a space share, and the one interpreter that runs networks with them on DJL.
 * {@code training} learns {@link dev.lutra.supernet.SupernetWeights}, {@code evaluation} gives any architecture running
 * statistics of its own and says how accurate it is; neither is seen from here. DJL is seen in these packages and nowhere else.
 */
package dev.lutra.supernet;

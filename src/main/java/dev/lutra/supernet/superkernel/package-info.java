/**
 * Superkernels (Stamoulis et al. 2019, Single-Path NAS): rows whose choices are parts of one inverted bottleneck are trained as
 * that one, while thresholds on the norms of its parts learn which of them to use, together with the weights and the latency.
 */
package dev.lutra.supernet.superkernel;

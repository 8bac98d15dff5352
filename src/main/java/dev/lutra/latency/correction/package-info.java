/**
 * Sums of segments corrected by whole networks that were measured: a {@link dev.lutra.latency.correction.Calibrator} fits a
 * {@link dev.lutra.latency.correction.Correction} and states its error, {@link dev.lutra.latency.correction.InformativeNetworks}
 * says which networks teach it most. docs/background/prediction.md has the formulas.
 */
package dev.lutra.latency.correction;

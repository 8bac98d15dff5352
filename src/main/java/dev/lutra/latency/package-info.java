/**
 * How long a network takes on a device, without running it there: a {@link dev.lutra.latency.LookupTable} holds the measured
 * segments of one device and runtime (an {@link dev.lutra.latency.EstimatedTable} counted ones), a
 * {@link dev.lutra.latency.LatencyModel} sums them over a network, a {@link dev.lutra.latency.Calibrator} corrects the sum by
 * whole networks that were measured, as a {@link dev.lutra.latency.CalibrationPlan} chose them, and states the error, and a
 * {@link dev.lutra.latency.SegmentCatalog} says which segments of a space have to be measured at all.
 * {@link dev.lutra.latency.TableCheck} and {@link dev.lutra.latency.TableDiff} judge tables, a
 * {@link dev.lutra.latency.TableImport} makes one of what others published.
 */
package dev.lutra.latency;

/**
 * How long a network takes on a device, without running it there: a {@link dev.lutra.latency.LookupTable} holds the measured
 * segments of one device and runtime, a {@link dev.lutra.latency.LatencyModel} sums them over a network, and a
 * {@link dev.lutra.latency.SegmentCatalog} says which segments of a space have to be measured at all. Whole networks, as a
 * {@link dev.lutra.latency.CalibrationPlan} chooses them, correct the sums: {@link dev.lutra.latency.correction}. What is done
 * with whole tables is in {@link dev.lutra.latency.table}, what others published in {@link dev.lutra.latency.published}.
 */
package dev.lutra.latency;

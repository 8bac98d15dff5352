/**
 * Images for training and evaluating. A {@link dev.lutra.data.DataSpec} says where they come from;
 * {@link dev.lutra.data.ImageData} decodes each source once into a cache file, splits it by class, and hands out
 * {@link dev.lutra.data.Split}s whose {@link dev.lutra.data.Batches} are prepared on background threads. Everything
 * random follows from a seed, an epoch and a position, so an interrupted epoch continues with the batches it would have
 * had.
 */
package dev.lutra.data;

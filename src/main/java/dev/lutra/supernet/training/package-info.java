/**
 * Training: a {@link dev.lutra.supernet.training.Trainer} trains shared weights on the paths that a
 * {@link dev.lutra.supernet.training.Sampling} names, from checkpoint to checkpoint.
 */
package dev.lutra.supernet.training;

/**
 * Training: a {@link dev.lutra.supernet.training.Trainer} trains shared weights on the paths that a
 * {@link dev.lutra.supernet.curriculum.Curriculum} names, from checkpoint to checkpoint.
 */
package dev.lutra.supernet.training;

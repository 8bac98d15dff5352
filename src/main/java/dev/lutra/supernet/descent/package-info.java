/**
 * Gradient descent: an {@link dev.lutra.supernet.descent.Optimizer} moves weights along gradients that were clipped, at the rate of a
 * {@link dev.lutra.supernet.descent.Schedule}; {@link dev.lutra.supernet.descent.Optimizers} and
 * {@link dev.lutra.supernet.descent.Schedules} know all of them by name.
 */
package dev.lutra.supernet.descent;

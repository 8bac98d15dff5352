/** Weights that were trained for other classes as the beginning of a training: what of them fits, and what begins from scratch. */
package dev.lutra.supernet.transfer;

/**
 * Weights in files. {@link dev.lutra.weights.SafetensorsFile} is Lutra's own format, for checkpoints and imports alike;
 * {@link dev.lutra.weights.TensorFile} gives a file's values to everything that reads weights.
 */
package dev.lutra.weights;

/**
 * Weights in files. {@link dev.lutra.weights.SafetensorsFile} is Lutra's own format, for checkpoints and imports alike;
 * {@link dev.lutra.weights.NumpyArchive} reads what PyTorch users save with NumPy. {@link dev.lutra.weights.WeightImport}
 * fills one architecture from a published file, names translated by a {@link dev.lutra.weights.WeightMapping}, and
 * {@link dev.lutra.weights.TensorFile} gives a file's values to everything that reads weights.
 */
package dev.lutra.weights;

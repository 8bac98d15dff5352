/** Accuracies from a model that the user brings; the only part of the server that sees ONNX Runtime. */
package dev.lutra.server.predictor;

/**
 * ONNX models that this process computes: predictors of accuracy that the user brings, and networks on images. The only part of the server
 * that sees ONNX Runtime.
 */
package dev.lutra.server.predictor;
